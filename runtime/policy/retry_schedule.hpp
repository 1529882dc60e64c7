#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/random.hpp"
#include "runtime/core/result.hpp"
#include "runtime/workflow/policies.hpp"

#include <cstdint>
#include <optional>

namespace troupe {

/// Whether and when a failed attempt is followed by another one. A view on a policy, which must outlive it.
class retry_schedule {
public:
  /// A peer's Retry-After is honoured up to here; one that asks for more must not park a run for weeks.
  static constexpr milliseconds longest_retry_after{3'600'000};

  explicit retry_schedule(const retry_policy& policy) : policy_{&policy} {}

  /// Whether an attempt that ended with `error` may be repeated at all: the error says that it is retryable, and the
  /// policy does not exclude its code.
  bool retryable(const v1::Error& error) const;

  /// The wait before attempt `attempt` (2 is the first retry) without jitter: initial_interval *
  /// backoff_coefficient^(attempt - 2), at most maximum_interval. Zero for attempts 0 and 1. Never shrinks from one
  /// attempt to the next when the coefficient is 1 or more.
  milliseconds interval(uint32_t attempt) const;

  /// The wait after attempt `attempt` (from 1) failed with `error`; nothing when that was the last one.
  ///
  /// Let I = interval(attempt + 1), J = I * jitter and u uniform in [0, 1): the wait is
  /// max(I - J, error.retry_after_ms) + J * u. So it lies in (I - J, I) unless the peer asks for more, and even those
  /// who were all told the same Retry-After come back spread out. Takes one number from `random` when there is a wait,
  /// none otherwise.
  std::optional<milliseconds> after(uint32_t attempt, const v1::Error& error, random_source& random) const;

private:
  const retry_policy* policy_;
};

} // namespace troupe
