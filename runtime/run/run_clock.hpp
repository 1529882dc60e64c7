#pragma once

#include "runtime/core/clock.hpp"

#include <cstdint>

namespace troupe {

/// The clock of one life of a run: it shows the wall clock's time as of when the life began, and goes on at the pace of
/// the steady clock. A wall clock that is set meanwhile neither ends the time limits of a run early nor holds them up.
class run_clock {
public:
  explicit run_clock(const clock& time) : ahead_ms_{time.wall_ms() - time.steady_ms()} {}

  int64_t now_ms(const clock& time) const {
    return time.steady_ms() + ahead_ms_;
  }

private:
  int64_t ahead_ms_;
};

} // namespace troupe
