#pragma once

#include "runtime/core/clock.hpp"

#include <cstddef>

namespace troupe {

/// When a child that ended is started again, in OTP's words.
enum class restart_type {
  /// Always.
  permanent,
  /// Unless it ended normally (exit_reason::normal, user_shutdown).
  transient,
  /// Never; its supervisor forgets it.
  temporary,
};

/// Who is restarted together with a child that crashed, in OTP's words.
enum class restart_strategy {
  /// Nobody.
  one_for_one,
  /// All: the others are stopped first.
  one_for_all,
  /// Those that were started after it: they are stopped first.
  rest_for_one,
};

/// How long a supervisor waits before the n-th restart within its period: initial * factor^(n - 1), at most `longest`;
/// of that, a random share of up to `jitter` is left out, so that nodes that fell together do not rise together.
struct restart_backoff {
  milliseconds initial{50};
  double factor = 2;
  milliseconds longest{5'000};
  /// Range: 0 to 1.
  double jitter = 0.25;
  /// The first restart within the period does not wait: one crash is an accident, and somebody waits for the next life.
  bool first_at_once = false;
};

/// How much a supervisor puts up with.
struct restart_limits {
  /// Restarts within `period`; one more and it gives up. 0 = gives up at the first crash.
  size_t intensity = 5;
  milliseconds period{30'000};
  restart_backoff backoff = {};
};

} // namespace troupe
