#pragma once

#include "nodes/cli/command.hpp"

#include <string>
#include <vector>

namespace troupe::cli {

std::string bash_completions(const std::vector<command>& commands);
std::string zsh_completions(const std::vector<command>& commands);
std::string fish_completions(const std::vector<command>& commands);

} // namespace troupe::cli
