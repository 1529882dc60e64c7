#pragma once

#include "tests/sim/world.hpp"

namespace troupe::sim {

/// Takes runs, faults, the length of faults and the agents' misbehaviour away from a failing world as long as it goes
/// on failing, in whatever way, and prints the story of what is left.
void shrink(const world_options& failing);

} // namespace troupe::sim
