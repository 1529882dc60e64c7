#pragma once

#include "tests/sim/oracle.hpp"
#include "tests/sim/team_watch.hpp"

#include <sstream>

namespace troupe::sim {

template <class... Args>
void team_watch::accuse(const Args&... args) const {
  std::ostringstream text;
  text << "run " << run_ << ": ";
  (text << ... << args);
  judge_.accuse(text.str());
}

} // namespace troupe::sim
