#pragma once

#include "runtime/core/clock.hpp"

namespace caf {
class actor_system;
}

namespace troupe {

/// The time of an actor system: the machine's, or the test's where a test owns the clock. Cheap to make.
class actor_clock final : public clock {
public:
  explicit actor_clock(caf::actor_system& system) : system_{system} {}

  int64_t wall_ms() const override;
  int64_t steady_ms() const override;
  int64_t steady_us() const;

private:
  caf::actor_system& system_;
};

} // namespace troupe
