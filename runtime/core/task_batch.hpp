#pragma once

#include "troupe/v1/agent.pb.h"
#include "troupe/v1/task.pb.h"

#include <memory>
#include <vector>

namespace troupe {

/// A task on its way through one process: made once, then shared by all who deal with it and changed by nobody.
using task_ptr = std::shared_ptr<const v1::Task>;
using agent_spec_ptr = std::shared_ptr<const v1::AgentSpec>;

/// A result on its way back: it belongs to one at a time.
using result_ptr = std::unique_ptr<v1::TaskResult>;

/// What v1::TaskBatch says, within a process.
struct task_batch {
  task_batch() = default;
  /// Takes over what came from another process.
  task_batch(v1::TaskBatch batch);

  std::vector<agent_spec_ptr> agents;
  std::vector<task_ptr> tasks;
};

/// The message for another process. Nothing is copied: it refers to the tasks of `batch`, which must outlive it.
class wire_batch {
public:
  explicit wire_batch(const task_batch& batch);
  ~wire_batch();
  wire_batch(const wire_batch&) = delete;
  wire_batch& operator=(const wire_batch&) = delete;

  const v1::TaskBatch& message() const {
    return message_;
  }

private:
  v1::TaskBatch message_;
};

/// Takes the results out of a batch, which is empty then.
std::vector<result_ptr> take_results(v1::ResultBatch& batch);

/// Adds a result to a batch.
void add_result(v1::ResultBatch& batch, result_ptr result);

} // namespace troupe
