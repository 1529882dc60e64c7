#pragma once

#include <cstdint>

namespace troupe {

/// Children of a fan-out that are none of its branches: slots beyond any branch.
inline constexpr uint32_t verdict_slot = 0xFFFF'FFF0;
inline constexpr uint32_t fallback_slot = 0xFFFF'FFF1;

} // namespace troupe
