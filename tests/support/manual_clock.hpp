#pragma once

#include "runtime/core/clock.hpp"

namespace troupe::test {

/// Time that moves only when the test says so. For tests of the core; actor tests take `actor_fixture::time`.
class manual_clock : public clock {
public:
  explicit manual_clock(int64_t wall_ms = 1'700'000'000'000) : wall_ms_{wall_ms} {}

  int64_t wall_ms() const override {
    return wall_ms_;
  }

  int64_t steady_ms() const override {
    return steady_ms_;
  }

  void advance(milliseconds dt) {
    wall_ms_ += dt.count();
    steady_ms_ += dt.count();
  }

  /// What an administrator or NTP does: the wall clock jumps, the steady one does not.
  void set_wall(int64_t wall_ms) {
    wall_ms_ = wall_ms;
  }

private:
  int64_t wall_ms_;
  int64_t steady_ms_ = 0;
};

} // namespace troupe::test
