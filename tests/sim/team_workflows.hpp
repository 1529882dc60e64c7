#pragma once

#include <string>
#include <vector>

namespace troupe::sim {

/// Teams of every order of turns with every way to settle a conflict, and teams inside of other steps and around them.
/// Their agents are in the documents. YAML.
std::vector<std::string> team_documents();

} // namespace troupe::sim
