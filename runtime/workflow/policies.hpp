#pragma once

#include "runtime/core/clock.hpp"

#include <cstdint>
#include <set>
#include <string>

namespace troupe {

/// How often and how soon a failed task is tried again. Names and meaning as in Temporal.
struct retry_policy {
  milliseconds initial_interval{1'000};
  double backoff_coefficient = 2.0;
  milliseconds maximum_interval{60'000};
  /// All tries together; 1 = no retry.
  uint32_t maximum_attempts = 1;
  /// Share of the interval that is random, 0..1; keeps many failures from coming back at once.
  double jitter = 0.2;
  /// Error codes (lower case, without the prefix: "invalid_input") that end the task at once.
  std::set<std::string> non_retryable;
};

/// Opens after `failure_ratio` of the last `window` results failed; lets one trial through after `open_for`.
struct breaker_policy {
  double failure_ratio = 0.5;
  uint32_t window = 20;
  milliseconds open_for{10'000};
};

} // namespace troupe
