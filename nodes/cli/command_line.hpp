#pragma once

#include "nodes/cli/command.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::cli {

/// Parses `arguments` (without the program's name) and runs the command that they name. Bad ones are told on `io.err`
/// with what to do, and nothing is run.
exit_code run_command_line(std::vector<command>& commands, const std::vector<std::string>& arguments, console& io);

/// The candidate that `word` was probably meant to be; empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

} // namespace troupe::cli
