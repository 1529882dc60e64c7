#pragma once

#include "runtime/core/clock.hpp"

namespace troupe {

/// The clocks of the machine.
class system_clock final : public clock {
public:
  int64_t wall_ms() const override {
    return to_ms(std::chrono::system_clock::now());
  }

  int64_t steady_ms() const override {
    return to_ms(std::chrono::steady_clock::now());
  }

private:
  template <class TimePoint>
  static int64_t to_ms(TimePoint t) {
    return std::chrono::duration_cast<milliseconds>(t.time_since_epoch()).count();
  }
};

} // namespace troupe
