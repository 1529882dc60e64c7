#include "runtime/host/check_result.hpp"

#include "runtime/agents/function/payload_codec.hpp"
#include "runtime/agents/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

namespace troupe {

namespace {

constexpr size_t max_error_bytes = 4'096;
constexpr size_t max_content_type_bytes = 256;

void set_error(v1::TaskResult& x, v1::ErrorCode code, std::string message, bool retryable) {
  x.set_status(v1::TASK_STATUS_FAILED);
  x.clear_output();
  auto& err = *x.mutable_error();
  err.Clear();
  err.set_code(code);
  err.set_message(std::move(message));
  err.set_retryable(retryable);
}

void check_output(v1::TaskResult& x, const output_limits& limits) {
  auto& out = *x.mutable_output();
  if (out.data().size() > limits.max_bytes)
    return set_error(x, v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                     "the output has " + std::to_string(out.data().size()) + " bytes, and at most "
                         + std::to_string(limits.max_bytes) + " are allowed",
                     false);
  if (out.content_type().size() > max_content_type_bytes || check_utf8(out.content_type()))
    return set_error(x, v1::ERROR_CODE_INVALID_OUTPUT, "the output's content type is not a short text", true);
  std::optional<text_fault> fault;
  if (is_json(out)) {
    if (out.data().empty())
      out.set_data("null");
    fault = check_json(out.data(), limits.max_depth);
  } else if (is_text(out)) {
    fault = check_utf8(out.data());
  }
  if (fault)
    set_error(x, v1::ERROR_CODE_INVALID_OUTPUT,
              std::string{is_json(out) ? "the output is not valid JSON" : "the output is not text"} + ": byte "
                  + std::to_string(fault->offset) + ": " + fault->what,
              true);
}

/// Of a failure: says what it was even when the agent did not.
void check_error(v1::TaskResult& x) {
  x.clear_output();
  auto& err = *x.mutable_error();
  if (!v1::ErrorCode_IsValid(err.code()) || err.code() == v1::ERROR_CODE_UNSPECIFIED) {
    switch (x.status()) {
    case v1::TASK_STATUS_TIMED_OUT:
      err.set_code(v1::ERROR_CODE_TIMED_OUT);
      break;
    case v1::TASK_STATUS_CANCELLED:
      err.set_code(v1::ERROR_CODE_CANCELLED);
      break;
    default:
      err.set_code(v1::ERROR_CODE_AGENT_FAILED);
    }
  }
  if (err.message().empty())
    err.set_message("the agent gave no reason");
  else if (err.message().size() > max_error_bytes || check_utf8(err.message()))
    err.set_message(clean_text(err.message(), max_error_bytes));
}

} // namespace

void check_result(v1::TaskResult& x, const output_limits& limits) {
  if (!v1::TaskStatus_IsValid(x.status()) || x.status() == v1::TASK_STATUS_UNSPECIFIED)
    x.set_status(x.has_error() ? v1::TASK_STATUS_FAILED : v1::TASK_STATUS_SUCCESS);
  if (x.status() == v1::TASK_STATUS_SUCCESS) {
    x.clear_error();
    check_output(x, limits);
  } else {
    check_error(x);
  }
  if (x.has_confidence()) {
    if (std::isnan(x.confidence()))
      x.clear_confidence();
    else
      x.set_confidence(std::clamp(x.confidence(), 0.0, 1.0));
  }
  if (x.has_quality()) {
    if (std::isnan(x.quality()))
      x.clear_quality();
    else
      x.set_quality(std::clamp(x.quality(), 0.0, 1.0));
  }
  if (x.has_usage() && !(x.usage().usd() >= 0 && std::isfinite(x.usage().usd())))
    x.mutable_usage()->set_usd(0);
}

} // namespace troupe
