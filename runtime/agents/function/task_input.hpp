#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/task.pb.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace troupe {

/// Thrown by task_input when the input is not what the function reads it as; the task then fails with
/// ERROR_CODE_INVALID_INPUT. The only exception that does not end the agent.
struct invalid_task_input {
  std::string message;
};

/// How a function learns of the world around its task.
struct task_environment {
  /// Set when the task was cancelled or timed out; null = never.
  std::shared_ptr<const std::atomic<bool>> cancelled;
  /// Null = no time is known.
  const clock* time = nullptr;
  /// When the task began, on `time`'s steady clock.
  int64_t started_ms = 0;
  std::function<void(const v1::TaskProgress&)> progress;
  /// Does one operation of a team's member and waits for what became of it. Null = this task can do none.
  std::function<result<v1::OpAnswer>(v1::TaskOp)> operate;
};

/// What a function agent works on: one attempt of a task. Valid while `run` runs; not to be shared between threads.
class task_input {
public:
  /// Both must outlive this.
  task_input(const v1::Task& task, const task_environment& env) : task_{task}, env_{env} {}

  task_input(const task_input&) = delete;
  task_input& operator=(const task_input&) = delete;

  /// The input as JSON, parsed at the first call; text (`text/plain`) is a JSON string. Throws invalid_task_input on
  /// bytes that are neither.
  const json& input() const;

  /// A required member of the input, e.g. `in.at("goal")`. Throws invalid_task_input when it is not there.
  const json& at(std::string_view member) const;

  /// The input as a Protobuf message: from `application/protobuf` as it is, else by Protobuf's JSON mapping, where
  /// unknown members are errors. Throws invalid_task_input.
  void read(google::protobuf::Message& out) const;

  /// The input as it came.
  const v1::Payload& payload() const {
    return task_.input();
  }

  /// Everything else about the task: run_id, step, agent, attempt, traceparent.
  const v1::Task& task() const {
    return task_;
  }

  uint32_t attempt() const {
    return task_.attempt();
  }

  /// The same for every attempt: an effect guarded by it happens once.
  const std::string& idempotency_key() const {
    return task_.idempotency_key();
  }

  /// What is left of the task's time, not below zero; nothing when it has no bound.
  std::optional<milliseconds> time_left() const;

  /// Nobody waits for the result any more. Long work asks this now and then. A function that is not `blocking` never
  /// sees it change.
  bool cancelled() const {
    return env_.cancelled && env_.cancelled->load(std::memory_order_relaxed);
  }

  /// Tells watchers how far the work is: 0..1, or negative when unknown. Cheap; only the newest counts.
  void progress(double fraction, std::string_view note = {}) const;

  /// What a turn of a team is told: role, teammates, phase, iteration, workspace, inbox (docs/language.md). Null when
  /// the task is no turn.
  const json& turn() const;

  /// During a turn: asks, puts, decides, … and waits for the answer, e.g. `in.operate({{"op", "put"}, …})` with the
  /// operations of runtime/team/op_json.hpp. Yields the answer's value, or why it was refused. The function must be
  /// `blocking`. Not for use by two threads at once.
  result<json> operate(const json& operation) const;
  result<json> operate(v1::TaskOp operation) const;

private:
  const v1::Task& task_;
  const task_environment& env_;
  mutable std::optional<json> parsed_;
  mutable std::optional<json> turn_;
  mutable uint32_t operations_ = 0;
};

} // namespace troupe
