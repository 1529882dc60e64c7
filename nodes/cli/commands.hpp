#pragma once

#include "nodes/cli/command.hpp"
#include "nodes/node/node.hpp"

#include <vector>

namespace troupe::cli {

/// All commands, in the order of the help.
std::vector<command> all_commands();

command agents_command();
command answer_command();
command cancel_command();
command check_command();
command completions_command();
command drain_command();
command node_command(node_extensions extensions = {});
command nodes_command();
command report_command();
command resume_command();
command run_command();
command runs_command();
command send_command();
command show_command();
command submit_command();
command up_command();
command version_command();
command watch_command();
command workspace_command();

} // namespace troupe::cli
