#pragma once

#include "runtime/core/task_batch.hpp"
#include "runtime/run/command.hpp"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/team.pb.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace troupe {

/// Puts what a run asks of its dispatcher into few messages that keep its order: a cancel that comes after a start must
/// not overtake it. `Out` has send(task_batch), send(v1::CancelBatch) and send(v1::OpAnswerBatch).
template <class Out>
class command_batches {
public:
  /// Keys are short and the payloads small: a batch of this size stays well below a frame's limit.
  static constexpr size_t most_tasks = 2'048;

  explicit command_batches(Out& out) : out_{out} {}

  /// `spec` is that of the task's agent.
  void add(start_task start, const agent_spec_ptr& spec) {
    flush_cancels();
    if (named_.insert(spec->name()).second)
      tasks_.agents.push_back(spec);
    tasks_.tasks.push_back(std::move(start.task));
    if (tasks_.tasks.size() >= most_tasks)
      flush_tasks();
  }

  void add(cancel_task stop, const std::string& run_id) {
    flush_tasks();
    auto& out = *cancels_.add_tasks();
    out.set_run_id(run_id);
    out.set_task(stop.task);
    out.set_attempt(stop.attempt);
    out.set_reason(std::move(stop.reason));
  }

  void add(answer_op answered) {
    flush_tasks();
    flush_cancels();
    *answers_.add_answers() = std::move(answered.answer);
  }

  /// Sends what is left; nothing is to be added any more.
  void finish() {
    flush_tasks();
    flush_cancels();
    if (answers_.answers_size() > 0)
      out_.send(std::move(answers_));
  }

private:
  void flush_tasks() {
    if (tasks_.tasks.empty())
      return;
    out_.send(std::exchange(tasks_, {}));
    named_.clear();
  }

  void flush_cancels() {
    if (cancels_.tasks_size() > 0)
      out_.send(std::exchange(cancels_, {}));
  }

  Out& out_;
  task_batch tasks_;
  v1::CancelBatch cancels_;
  v1::OpAnswerBatch answers_;
  /// Names within the batch's specs.
  std::set<std::string_view> named_;
};

} // namespace troupe
