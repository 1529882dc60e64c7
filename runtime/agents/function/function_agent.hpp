#pragma once

#include "runtime/agents/function/task_input.hpp"
#include "runtime/agents/function/task_output.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

namespace troupe {

/// An agent written in C++ that needs to know nothing about actors. One object works on one task at a time; an agent
/// with `concurrency: 4` has four of them.
class function_agent {
public:
  virtual ~function_agent() = default;

  /// A failure of the work is an error (ERROR_CODE_AGENT_FAILED, say); it counts as a try, and `retryable` says whether
  /// another may help. An exception ends the agent: its supervisor makes a new one, and the task comes back as
  /// agent_crashed.
  virtual result<task_output> run(const task_input& in) = 0;
};

/// Lets `fn` work on `task` and writes down what came of it, but not whose result it is. Lets the function's exceptions
/// through.
void run_function(function_agent& fn, const v1::Task& task, const task_environment& env, v1::TaskResult& out);

/// The same, with the task's identity.
v1::TaskResult run_function(function_agent& fn, const v1::Task& task, const task_environment& env);

/// A result with the task's identity and nothing else yet.
v1::TaskResult result_for(const v1::Task& task);

/// An operation with the identity of the task, which is a turn of a team, and nothing else yet. `number` counts from 1.
v1::TaskOp operation_for(const v1::Task& task, uint32_t number);

/// A result that says that the task failed.
v1::TaskResult failed_result(const v1::Task& task, const error& why);

} // namespace troupe
