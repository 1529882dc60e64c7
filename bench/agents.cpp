// What agents cost while they do nothing, when they die, and while they sleep.

#include "bench/cases.hpp"
#include "bench/floor_caf.hpp"
#include "bench/local_node.hpp"
#include "bench/workflows.hpp"
#include "troupe/v1/task.pb.h"

#include <fmt/format.h>

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <vector>

namespace troupe::bench {

namespace {

/// Bytes of this process in memory.
double resident() {
  long pages = 0;
  long rest = 0;
  if (auto* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &rest, &pages) != 2)
      pages = 0;
    std::fclose(file);
  }
  return static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

v1::AgentSpec agent(const std::string& function, const std::string& hash, uint32_t replicas) {
  v1::AgentSpec out;
  out.set_name(function);
  out.set_kind("function");
  out.set_hash(hash);
  out.set_config_json(json{{"function", function}}.dump());
  out.set_concurrency(1);
  out.set_replicas(replicas);
  return out;
}

} // namespace

void idle_case(report& out) {
  constexpr size_t agents = 100'000;
  constexpr uint32_t replicas = 1'000;
  figure memory;
  memory.name = "100 000 idle agents: memory of each";
  memory.unit = "bytes";
  memory.floor_name = "plain CAF actor";
  memory.goal = at_most(3 * 1'024);
  figure time;
  time.name = "100 000 idle agents: time to start each";
  time.unit = "µs";
  time.floor_name = "plain CAF actor";
  time.goal = at_most(3);
  memory.note = "under their supervisors, each with one task behind it";
  // Memory that is given back stays with the process: each round needs a process of its own to be honest. So the
  // memory is taken in the first round alone, and the time as often as all times.
  for (size_t round = 0; round < out.rounds(); ++round) {
    {
      plain_caf floor;
      ::malloc_trim(0);
      auto before = resident();
      time.floor.push_back(1e6 * floor.idle(agents, [&] {
        if (round == 0)
          memory.floor.push_back((resident() - before) / agents);
      }) / agents);
    }
    local_node here{{.capacity = 100'000}};
    ::malloc_trim(0);
    auto before = resident();
    double seconds = 0;
    for (size_t i = 0; i < agents / replicas; ++i)
      seconds += send_tasks(here, replicas, replicas, agent("noop", fmt::format("idle-{}", i), replicas)).seconds;
    time.ours.push_back(1e6 * seconds / agents);
    if (round == 0)
      memory.ours.push_back((resident() - before) / agents);
  }
  out.add(std::move(memory));
  out.add(std::move(time));
}

void restart_case(report& out) {
  constexpr int crashes = 50;
  local_node here{{}};
  send_tasks(here, 100, 1);
  figure x;
  x.name = "agent's crash → answer of its next life, p50";
  x.unit = "µs";
  x.floor_name = "plain CAF: down → spawn → answer";
  x.goal = at_most(150);
  plain_caf floor;
  int last = 0;
  out.measure(
      std::move(x),
      [&] {
        std::vector<double> all;
        for (int i = 0; i < crashes; ++i) {
          // An agent of its own each: supervisors lose patience with one that crashes often.
          auto who = agent("crasher", fmt::format("crasher-{}", ++last), 1);
          all.push_back(crash_and_ask(here, who));
        }
        return 1e6 * median(std::move(all));
      },
      [&] {
        std::vector<double> all;
        for (int i = 0; i < crashes; ++i)
          all.push_back(floor.crash_and_ask());
        return 1e6 * median(std::move(all));
      });
}

void sleep_case(report& out) {
  const auto definition = sleep_workflow().dump();
  const auto input = fan_input(1'000).dump();
  for (auto durable : {false, true}) {
    local_node here{{.durable = durable}};
    run_once(here, definition, input);
    figure x;
    x.name = fmt::format("1 000 agents sleep 100 ms{}: added to that", durable ? ", durable" : "");
    x.unit = "ms";
    x.goal = at_most(durable ? 20 : 5);
    out.measure(std::move(x), [&] { return 1e3 * run_once(here, definition, input) - 100; });
  }
}

} // namespace troupe::bench
