#include "nodes/cli/cluster_plan.hpp"

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

} // namespace troupe::cli
