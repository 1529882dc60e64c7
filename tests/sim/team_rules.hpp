#pragma once

#include "runtime/workflow/workflow.hpp"

#include <map>
#include <set>
#include <string>

namespace troupe::sim {

/// What a document says about one of its teams, by the goal, which each team of the simulation has for itself.
struct team_rules {
  const team_step* team = nullptr;
  /// Roles whose work is one task: an agent without fallback.
  std::set<std::string> plain;
  /// Roles whose failures count as having nothing to say.
  std::set<std::string> tolerant;
  std::map<std::string, const team_member*> members;
};

/// All teams of a definition, wherever they stand.
std::map<std::string, team_rules> teams_of(const workflow& definition);

} // namespace troupe::sim
