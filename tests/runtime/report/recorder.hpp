#pragma once

#include "runtime/report/run_report.hpp"
#include "tests/support/run_harness.hpp"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace troupe::test {

/// A run whose agents take their time.
struct recorder : run_harness {
  using run_harness::run_harness;

  /// The task at `step` succeeds `ms` after it was sent; all that time was the agent's own.
  void done(const std::string& step, int64_t ms, const std::string& node = "w1") {
    finish(task_at(step), ms, v1::TASK_STATUS_SUCCESS, node);
  }

  void failed(const std::string& step, int64_t ms, bool retryable = false) {
    finish(task_at(step), ms, v1::TASK_STATUS_FAILED, "w1", retryable);
  }

  void finish(const v1::Task& task, int64_t ms, v1::TaskStatus status, const std::string& node,
              bool retryable = false) {
    now = std::max(now, sent_at(task) + ms);
    v1::TaskResult result;
    result.set_status(status);
    result.set_node(node);
    result.mutable_timings()->set_run_us(static_cast<uint64_t>(ms) * 1'000);
    result.mutable_timings()->set_dispatched_at_ms(sent_at(task));
    if (status == v1::TASK_STATUS_SUCCESS) {
      result.mutable_output()->set_data("1");
      result.mutable_usage()->set_tokens_in(10);
      result.mutable_usage()->set_tokens_out(1);
      result.mutable_usage()->set_usd(0.5);
    } else {
      result.mutable_error()->set_code(v1::ERROR_CODE_AGENT_FAILED);
      result.mutable_error()->set_message("it did not work");
      result.mutable_error()->set_retryable(retryable);
    }
    answer(task, result);
  }

  int64_t sent_at(const v1::Task& task) const {
    for (auto& x : updates)
      if (x.has_task_started() && x.task_started().task() == task.task()
          && x.task_started().attempt() == task.attempt())
        return x.at_ms();
    return 0;
  }

  v1::RunDetails details() const {
    v1::RunDetails out;
    auto* summary = out.mutable_summary();
    summary->set_run_id("r1");
    summary->set_workflow(definition->name);
    summary->set_state(finished() ? machine.outcome().state : v1::RUN_STATE_RUNNING);
    summary->set_created_at_ms(1'000'000);
    summary->set_finished_at_ms(finished() ? now : 0);
    out.set_definition(definition->document.dump());
    for (auto& x : journal)
      *out.add_events() = x;
    return out;
  }

  run_report report() const {
    auto made = make_report(details());
    if (!made)
      throw std::runtime_error(made.error().message);
    return *made;
  }
};

} // namespace troupe::test
