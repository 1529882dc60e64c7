// Runs of ten steps, one after the other and many at once, with and without a disk.

#include "bench/bare_store.hpp"
#include "bench/cases.hpp"
#include "bench/local_node.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"

namespace troupe::bench {

void pipeline_case(report& out) {
  const auto definition = pipeline_workflow().dump();
  {
    local_node here{{.durable = true}};
    bare_store floor;
    constexpr size_t count = 200;
    const auto ahead = pipeline_workflow(true).dump();
    auto one_at_a_time = [&](const std::string& what) { return count / run_many(here, what, "{}", count, 1); };
    auto ten_commits = [&] { return count / floor.commit(10 * count); };
    one_at_a_time(definition);
    one_at_a_time(ahead);
    figure w;
    w.name = "10-step pipeline, durable (FULL), of pure agents, one at a time";
    w.unit = "workflows/s";
    w.floor_name = "ten commits of the store";
    w.goal = at_least_ratio(0.85);
    out.measure(
        std::move(w), [&] { return one_at_a_time(ahead); }, ten_commits);
    figure x;
    x.name = "the same, of agents with effects: each step after the commit of the one before";
    x.unit = "workflows/s";
    x.floor_name = "ten commits of the store";
    out.measure(
        std::move(x), [&] { return one_at_a_time(definition); }, ten_commits);
    constexpr size_t many = 3'000;
    figure y;
    y.name = "the same, 64 at once";
    y.unit = "workflows/s";
    y.goal = at_least(5'000);
    out.measure(std::move(y), [&] { return many / run_many(here, definition, "{}", many, 64); });
  }
}

void memory_case(report& out) {
  const auto definition = pipeline_workflow().dump();
  local_node here{{}};
  constexpr size_t many = 5'000;
  run_many(here, definition, "{}", 500, 64);
  figure x;
  x.name = "10-step pipeline, not durable, 64 at once";
  x.unit = "workflows/s";
  x.goal = at_least(20'000);
  out.measure(std::move(x), [&] { return many / run_many(here, definition, "{}", many, 64); });
}

} // namespace troupe::bench
