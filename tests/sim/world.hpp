#pragma once

#include "tests/sim/context.hpp"
#include "tests/sim/fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

struct world_options {
  uint64_t seed = 0;
  mutation broken = mutation::none;
  bool trace = false;
  /// In place of those that belong to the seed.
  std::optional<std::vector<fault>> faults;
  /// Agents that always succeed.
  bool good_agents = false;
};

struct world_report {
  /// What went wrong; empty when nothing did.
  std::string verdict;
  usec ended_at = 0;
  uint64_t events = 0;
  uint64_t executions = 0;
};

/// Runs one world to its end.
world_report run_world(const world_options& options);

/// The faults that belong to a seed.
std::vector<fault> faults_of(uint64_t seed);

} // namespace troupe::sim
