#include "tests/sim/shrink.hpp"

#include <fmt/format.h>

#include <utility>

namespace troupe::sim {

void shrink(const world_options& failing) {
  auto good_agents = failing.good_agents;
  auto faults = failing.faults ? *failing.faults : faults_of(failing.seed);
  auto play = [&](const std::vector<fault>& with, bool good, bool trace) {
    world_options x;
    x.seed = failing.seed;
    x.broken = failing.broken;
    x.trace = trace;
    x.faults = with;
    x.good_agents = good;
    return run_world(x).verdict;
  };
  if (!play(faults, true, false).empty())
    good_agents = true;
  for (bool smaller = true; std::exchange(smaller, false);)
    for (size_t i = faults.size(); i-- > 0;) {
      auto fewer = faults;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
      if (play(fewer, good_agents, false).empty())
        continue;
      faults = std::move(fewer);
      smaller = true;
    }
  fmt::print("{} fault(s) are enough to make it fail{}:\n\n", faults.size(),
             good_agents ? ", with agents that always succeed" : "");
  fmt::print("\n{}\n", play(faults, good_agents, true));
}

} // namespace troupe::sim
