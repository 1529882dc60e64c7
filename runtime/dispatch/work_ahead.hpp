#pragma once

#include "runtime/core/clock.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace troupe {

/// How many tasks of one agent a node is given at a time: those that its instances (`slots`) work on, and so many more
/// that they never wait for the next one, but not what they need longer than `ahead` for. What waits at the dispatcher
/// can still go to whoever is faster, and does not fall with the node.
///
/// `service_ms`: moving average of the agent's own time for a task; 0 = not known yet.
inline uint64_t work_ahead(uint64_t slots, double service_ms, milliseconds ahead) {
  // Whatever it is, it is not faster than this; keeps the quotient finite.
  constexpr double shortest_ms = 0.001;
  auto rounds =
      service_ms > 0 ? std::ceil(static_cast<double>(ahead.count()) / std::max(service_ms, shortest_ms)) : 1.0;
  auto tasks = static_cast<double>(slots) * (1 + std::max(1.0, rounds));
  constexpr auto most = std::numeric_limits<uint32_t>::max();
  return tasks < most ? static_cast<uint64_t>(tasks) : most;
}

} // namespace troupe
