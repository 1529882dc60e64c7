#include "actors/agents/actor_clock.hpp"

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>

#include <chrono>

namespace troupe {

int64_t actor_clock::wall_ms() const {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

int64_t actor_clock::steady_ms() const {
  return steady_us() / 1'000;
}

int64_t actor_clock::steady_us() const {
  auto now = system_.scheduler().clock().now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(now).count();
}

} // namespace troupe
