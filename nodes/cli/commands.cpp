#include "nodes/cli/commands.hpp"

namespace troupe::cli {

std::vector<command> all_commands() {
  return {
      node_command(),
      check_command(),
      version_command(),
      completions_command(),
  };
}

} // namespace troupe::cli
