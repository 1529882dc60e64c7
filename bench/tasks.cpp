// Tasks on their way to agents and back: in one process, over two, and many at once.

#include "bench/cases.hpp"
#include "bench/floor_caf.hpp"
#include "bench/floor_socket.hpp"
#include "bench/local_node.hpp"
#include "bench/stopwatch.hpp"
#include "bench/workflows.hpp"
#include "runtime/journal/sqlite_store.hpp"

#include <filesystem>
#include <optional>

namespace troupe::bench {

namespace {

constexpr size_t width = 10'000;

figure named(std::string name, std::string unit, std::string floor_name = {}) {
  figure out;
  out.name = std::move(name);
  out.unit = std::move(unit);
  out.floor_name = std::move(floor_name);
  return out;
}

/// Of some runs, one after the other: a single one takes 20 ms, of which the first part finds cold caches and sleeping
/// threads behind a floor.
double fan_rate(local_node& at) {
  static const auto definition = fan_workflow().dump();
  static const auto input = fan_input(width).dump();
  constexpr int runs = 5;
  double seconds = 0;
  for (int i = 0; i < runs; ++i)
    seconds += run_once(at, definition, input);
  return runs * width / seconds;
}

} // namespace

void task_case(report& out) {
  constexpr size_t count = 50'000;
  local_node here{{}};
  auto x = named("one task, one process, one outstanding", "tasks/s", "plain CAF, stealing: requests/s");
  x.goal = at_least_ratio(0.6);
  send_tasks(here, 1'000, 1);
  out.measure(
      std::move(x), [&] { return count / send_tasks(here, count, 1).seconds; },
      [] { return count / plain_caf{}.ask(count, 1); });
  auto y = named("the same beside plain CAF, sharing", "tasks/s", "plain CAF, sharing: requests/s");
  out.measure(
      std::move(y), [&] { return count / send_tasks(here, count, 1).seconds; },
      [] { return count / plain_caf{"sharing"}.ask(count, 1); });
}

void fanout_case(report& out) {
  {
    local_node here{{}};
    fan_rate(here);
    auto x = named("fan-out of 10 000, one process", "tasks/s", "plain CAF, sharing: requests/s");
    x.goal = at_least(500'000);
    x.note = "a whole run: submitted, compiled, mapped, dispatched, worked on, aggregated, journaled in memory";
    out.measure(
        std::move(x), [&] { return fan_rate(here); }, [] { return width / plain_caf{"sharing"}.fan(width); });
    auto y = named("the same tasks without a run", "tasks/s", "plain CAF, stealing: requests/s");
    out.measure(
        std::move(y), [&] { return width / send_tasks(here, width, width).seconds; },
        [] { return width / plain_caf{}.fan(width); });
  }
  local_node here{{.durable = true}};
  fan_rate(here);
  auto x = named("fan-out of 10 000, every result journaled (FULL)", "tasks/s");
  x.goal = at_least(150'000);
  out.measure(std::move(x), [&] { return fan_rate(here); });
}

void link_case(report& out) {
  constexpr size_t count = 5'000;
  local_node here{{.worker = false, .workers = 1}};
  bare_socket socket;
  send_tasks(here, 1'000, 1);
  auto x = named("one task over two processes, p50", "µs", "bare socket: round trip");
  x.goal = at_most_ratio(1.5);
  out.measure(
      std::move(x), [&] { return 1e6 * median(send_tasks(here, count, 1).each); },
      [&] { return 1e6 * median(socket.round_trips(count)); });
  constexpr size_t many = 100'000;
  remote_caf plain;
  auto y = named("over two processes, 256 outstanding", "tasks/s", "plain CAF: requests/s");
  y.goal = at_least_ratio(2);
  out.measure(
      std::move(y), [&] { return many / send_tasks(here, many, 256).seconds; },
      [&] { return many / plain.ask(many, 256); });
}

void nodes_case(report& out) {
  local_node here{{.worker = false, .workers = 2}};
  remote_caf plain;
  fan_rate(here);
  auto x = named("fan-out of 10 000 over two worker processes", "tasks/s", "plain CAF: requests/s");
  x.goal = at_least(300'000);
  out.measure(
      std::move(x), [&] { return fan_rate(here); }, [&] { return width / plain.fan(width); });
}

} // namespace troupe::bench
