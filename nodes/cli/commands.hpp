#pragma once

#include "nodes/cli/command.hpp"

#include <vector>

namespace troupe::cli {

/// All commands, in the order of the help.
std::vector<command> all_commands();

command completions_command();
command version_command();

} // namespace troupe::cli
