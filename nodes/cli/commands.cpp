#include "nodes/cli/commands.hpp"

namespace troupe::cli {

std::vector<command> all_commands() {
  return {
      run_command(),    check_command(),  up_command(),      node_command(),        submit_command(),
      runs_command(),   show_command(),   watch_command(),   workspace_command(),   report_command(),
      resume_command(), cancel_command(), answer_command(),  send_command(),        agents_command(),
      nodes_command(),  drain_command(),  version_command(), completions_command(),
  };
}

} // namespace troupe::cli
