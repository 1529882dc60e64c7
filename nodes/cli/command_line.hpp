#pragma once

#include "nodes/cli/command.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

/// Parses `arguments` (without the program's name) and runs the command that they name. Bad ones are told on `io.err`
/// with what to do, and nothing is run.
exit_code run_command_line(std::vector<command>& commands, const std::vector<std::string>& arguments, console& io);

} // namespace troupe::cli
