/// The core of a process agent, and tasks, cancellations and answers for it.
#pragma once

#include "runtime/agents/process/process_core.hpp"

#include "runtime/agents/process/protocol.hpp"
#include "runtime/core/json.hpp"

#include <gtest/gtest.h>

namespace troupe::test {

using namespace process_action;

inline v1::Task make_task(uint32_t number, uint32_t timeout_ms = 0) {
  v1::Task out;
  out.set_run_id("r");
  out.set_task(number);
  out.set_attempt(1);
  out.set_epoch(5);
  out.set_timeout_ms(timeout_ms);
  return out;
}

inline v1::CancelTask make_cancel(uint32_t number) {
  v1::CancelTask out;
  out.set_run_id("r");
  out.set_task(number);
  out.set_attempt(1);
  return out;
}

inline std::string answer_line(uint32_t number) {
  return json{{"task_id", wire_id("r", number)}, {"output", number}}.dump() + "\n";
}

struct process_core_fixture : ::testing::Test {
  process_core core{"a", {.concurrency = 2, .max_line = 200}};
  int64_t now = 1'000;

  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    for (auto& x : core.take_actions())
      if (auto* y = std::get_if<T>(&x))
        out.push_back(std::move(*y));
    return out;
  }

  void start() {
    core.submit(make_task(1), now);
    core.started(now);
    core.output(answer_line(1), now);
    core.take_actions();
  }
};

} // namespace troupe::test
