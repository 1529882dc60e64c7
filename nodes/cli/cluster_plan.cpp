#include "nodes/cli/cluster_plan.hpp"

#include <algorithm>

namespace troupe::cli {

node_plan plan_coordinator(const cluster_options& options) {
  return {"c1",
          {options.program, "node", "--name", "c1", "--role", options.nodes > 1 ? "coordinator" : "coordinator,worker",
           "--listen", options.listen, "--data", options.data, "--metrics", "127.0.0.1:0"}};
}

node_plan plan_worker(const cluster_options& options, uint32_t number, const std::string& coordinator) {
  auto name = "w" + std::to_string(number);
  return {
      name,
      {options.program, "node", "--name", name, "--role", "worker", "--join", coordinator, "--metrics", "127.0.0.1:0"}};
}

int64_t restart_pause::after_death(int64_t lived_ms) {
  constexpr int64_t healthy_ms = 30'000;
  constexpr int64_t longest_ms = 5'000;
  constexpr int give_up_after = 8;
  if (lived_ms >= healthy_ms)
    in_a_row_ = 0;
  if (++in_a_row_ > give_up_after)
    return -1;
  return std::min(longest_ms, int64_t{100} << std::min(in_a_row_, 10));
}

} // namespace troupe::cli
