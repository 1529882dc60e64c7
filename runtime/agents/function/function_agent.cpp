#include "runtime/agents/function/function_agent.hpp"

#include "runtime/agents/function/payload_codec.hpp"
#include "runtime/agents/json_text.hpp"

#include <utility>

namespace troupe {

namespace {

/// Longest message of an agent's error that is passed on.
constexpr size_t max_error_bytes = 4096;

void set_failure(v1::TaskResult& out, const error& why) {
  switch (why.code) {
  case v1::ERROR_CODE_CANCELLED:
    out.set_status(v1::TASK_STATUS_CANCELLED);
    break;
  case v1::ERROR_CODE_TIMED_OUT:
    out.set_status(v1::TASK_STATUS_TIMED_OUT);
    break;
  default:
    out.set_status(v1::TASK_STATUS_FAILED);
  }
  *out.mutable_error() = why.to_proto();
  out.mutable_error()->set_message(clean_text(why.message, max_error_bytes));
}

} // namespace

v1::TaskResult result_for(const v1::Task& task) {
  v1::TaskResult out;
  out.set_run_id(task.run_id());
  out.set_task(task.task());
  out.set_attempt(task.attempt());
  out.set_epoch(task.epoch());
  return out;
}

v1::TaskOp operation_for(const v1::Task& task, uint32_t number) {
  v1::TaskOp out;
  out.set_run_id(task.run_id());
  out.set_task(task.task());
  out.set_attempt(task.attempt());
  out.set_epoch(task.epoch());
  out.set_number(number);
  return out;
}

v1::TaskResult failed_result(const v1::Task& task, const error& why) {
  auto out = result_for(task);
  set_failure(out, why);
  return out;
}

void run_function(function_agent& fn, const v1::Task& task, const task_environment& env, v1::TaskResult& out) {
  auto attempt = [&]() -> result<task_output> {
    try {
      task_input in{task, env};
      return fn.run(in);
    } catch (const invalid_task_input& e) {
      return fail(v1::ERROR_CODE_INVALID_INPUT, "agent \"" + task.agent() + "\": " + e.message);
    }
  }();
  if (!attempt)
    return set_failure(out, attempt.error());
  if (attempt->payload) {
    *out.mutable_output() = std::move(*attempt->payload);
  } else {
    auto text = print_payload(attempt->output);
    if (!text)
      return set_failure(
          out, {text.error().code, "agent \"" + task.agent() + "\": the output: " + text.error().message, false});
    *out.mutable_output() = json_payload(std::move(*text));
  }
  out.set_status(v1::TASK_STATUS_SUCCESS);
  if (attempt->confidence)
    out.set_confidence(*attempt->confidence);
  if (attempt->quality)
    out.set_quality(*attempt->quality);
  if (attempt->usage.ByteSizeLong() > 0)
    *out.mutable_usage() = std::move(attempt->usage);
}

v1::TaskResult run_function(function_agent& fn, const v1::Task& task, const task_environment& env) {
  auto out = result_for(task);
  run_function(fn, task, env, out);
  return out;
}

} // namespace troupe
