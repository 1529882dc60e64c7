#include "runtime/run/retry_decision.hpp"

#include "runtime/policy/retry_schedule.hpp"

namespace troupe {

namespace {

bool worth_retrying(const error& why, bool composite) {
  switch (why.code) {
  case v1::ERROR_CODE_INVALID_INPUT:
  case v1::ERROR_CODE_FORBIDDEN:
  case v1::ERROR_CODE_EXPRESSION:
  case v1::ERROR_CODE_CANCELLED:
    return false;
  case v1::ERROR_CODE_UNAVAILABLE:
  case v1::ERROR_CODE_TIMED_OUT:
  case v1::ERROR_CODE_AGENT_CRASHED:
  case v1::ERROR_CODE_INVALID_OUTPUT:
  case v1::ERROR_CODE_CIRCUIT_OPEN:
  case v1::ERROR_CODE_RESOURCE_EXHAUSTED:
    return true;
  default:
    return composite || why.retryable;
  }
}

} // namespace

std::optional<int64_t> next_try(const retry_policy& policy, uint32_t tries, const error& why, uint32_t retry_after_ms,
                                bool composite, random_source random) {
  auto fault = why.to_proto();
  fault.set_retryable(worth_retrying(why, composite));
  fault.set_retry_after_ms(retry_after_ms);
  auto wait = retry_schedule{policy}.after(tries, fault, random);
  if (!wait)
    return std::nullopt;
  return wait->count();
}

} // namespace troupe
