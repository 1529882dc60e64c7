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
    run_many(here, definition, "{}", count, 1);
    figure x;
    x.name = "10-step pipeline, each step committed (FULL), one at a time";
    x.unit = "workflows/s";
    x.floor_name = "ten commits of the store";
    x.goal = at_least_ratio(0.85);
    out.measure(
        std::move(x), [&] { return count / run_many(here, definition, "{}", count, 1); },
        [&] { return count / floor.commit(10 * count); });
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
