/// A host's core with small limits, tasks and results for it, and a time that stands until a test moves it.
#pragma once

#include "runtime/host/host_core.hpp"

#include <gtest/gtest.h>

namespace troupe::test {

using namespace host_action;

constexpr int64_t ms = 1'000;

inline v1::AgentSpec make_spec(std::string name, uint32_t concurrency = 1, uint32_t replicas = 1) {
  v1::AgentSpec out;
  out.set_name(name);
  out.set_kind("function");
  out.set_hash("hash of " + name);
  out.set_concurrency(concurrency);
  out.set_replicas(replicas);
  return out;
}

struct host_core_fixture : ::testing::Test {
  host_limits limits{.node = "w1",
                     .capacity = 8,
                     .max_queued_bytes = 100,
                     .max_output_bytes = 100,
                     .cancel_grace = milliseconds{100},
                     .max_hung = 1,
                     .idle_timeout = milliseconds{1'000},
                     .max_answered = 4};
  std::unique_ptr<host_core> core = std::make_unique<host_core>(limits);
  int64_t now = 5'000 * ms;

  v1::Task make_task(uint32_t number, uint32_t attempt = 1, std::string agent = "a") {
    v1::Task out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_epoch(1);
    out.set_agent(agent);
    out.set_agent_hash("hash of " + agent);
    return out;
  }

  v1::TaskResult make_result(uint32_t number, uint32_t attempt = 1, std::string output = "1") {
    v1::TaskResult out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_status(v1::TASK_STATUS_SUCCESS);
    out.mutable_output()->set_data(std::move(output));
    return out;
  }

  v1::CancelTask make_cancel(uint32_t number, uint32_t attempt = 1) {
    v1::CancelTask out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_reason("not needed");
    return out;
  }

  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    for (auto& x : core->take_actions())
      if (auto* y = std::get_if<T>(&x))
        out.push_back(std::move(*y));
    return out;
  }

  /// Learns agent "a" and brings its first instance up; returns that one's number.
  uint64_t start_agent(uint32_t concurrency = 1, uint32_t replicas = 1) {
    core->learn(make_spec("a", concurrency, replicas), now);
    core->submit(make_task(1'000), 0, now);
    auto started = take<start_instance>();
    EXPECT_EQ(started.size(), 1u);
    core->instance_up(started.at(0).instance, now);
    core->finished(make_result(1'000), now);
    core->take_actions();
    return started.at(0).instance;
  }
};

} // namespace troupe::test
