#pragma once

#include <cstdint>
#include <utility>

namespace troupe {

/// Lets at most so many lines of a process into the log per second, and counts the others.
class line_limiter {
public:
  explicit line_limiter(uint32_t per_second) : per_second_{per_second} {}

  bool allow(int64_t now_ms) {
    if (now_ms - window_ >= 1'000) {
      window_ = now_ms;
      used_ = 0;
    }
    if (used_ >= per_second_) {
      ++suppressed_;
      return false;
    }
    ++used_;
    return true;
  }

  /// How many were held back since the last call.
  uint64_t take_suppressed() {
    return std::exchange(suppressed_, 0);
  }

private:
  uint32_t per_second_;
  uint32_t used_ = 0;
  int64_t window_ = INT64_MIN / 2;
  uint64_t suppressed_ = 0;
};

} // namespace troupe
