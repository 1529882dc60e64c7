#pragma once

#include "tests/sim/context.hpp"
#include "tests/sim/fault.hpp"

#include <cstdint>
#include <optional>
#include <set>
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
  /// Members of teams do no more than so many things in a turn.
  size_t most_acts = SIZE_MAX;
  /// Only these of the seed's runs; all when empty.
  std::set<std::string> runs;
};

struct world_report {
  /// What went wrong; empty when nothing did.
  std::string verdict;
  tally seen;
};

/// Runs one world to its end.
world_report run_world(const world_options& options);

/// The faults that belong to a seed.
std::vector<fault> faults_of(uint64_t seed);

/// The ids of the runs that belong to a seed.
std::vector<std::string> runs_of(uint64_t seed);

/// The names of the processes of a seed's world, in the order of their numbers.
std::vector<std::string> processes_of(uint64_t seed);

} // namespace troupe::sim
