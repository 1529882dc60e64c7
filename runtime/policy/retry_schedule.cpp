#include "runtime/policy/retry_schedule.hpp"

#include "runtime/policy/error_code_name.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

namespace {

// Not std::pow: a journal that is replayed with another libm must give the same wait.
double power(double base, uint32_t exponent) {
  double out = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1)
      out *= base;
  return out;
}

} // namespace

bool retry_schedule::retryable(const v1::Error& error) const {
  return error.retryable() && policy_->non_retryable.count(error_code_name(error.code())) == 0;
}

milliseconds retry_schedule::interval(uint32_t attempt) const {
  if (attempt < 2)
    return milliseconds{0};
  auto initial = std::max<double>(0, static_cast<double>(policy_->initial_interval.count()));
  auto most = std::max<double>(0, static_cast<double>(policy_->maximum_interval.count()));
  // The power may overflow to infinity, and 0 * infinity is no number.
  auto wait = initial == 0 ? 0 : initial * power(policy_->backoff_coefficient, attempt - 2);
  return milliseconds{std::llround(std::max(0.0, wait < most ? wait : most))};
}

std::optional<milliseconds> retry_schedule::after(uint32_t attempt, const v1::Error& error,
                                                  random_source& random) const {
  if (attempt >= policy_->maximum_attempts || !retryable(error))
    return std::nullopt;
  auto full = static_cast<double>(interval(attempt + 1).count());
  auto spread = full * std::clamp(policy_->jitter, 0.0, 1.0);
  auto floor = std::min<double>(error.retry_after_ms(), static_cast<double>(longest_retry_after.count()));
  return milliseconds{std::llround(std::max(full - spread, floor) + spread * random.unit())};
}

} // namespace troupe
