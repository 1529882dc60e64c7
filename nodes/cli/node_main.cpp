#include "nodes/cli/node_main.hpp"

#include "nodes/cli/command_line.hpp"
#include "nodes/cli/commands.hpp"

#include <csignal>
#include <exception>
#include <iostream>

namespace troupe {

int node_main(int argc, char** argv, node_extensions extensions) {
  std::signal(SIGPIPE, SIG_IGN);
  cli::console io{std::cin, std::cout, std::cerr};
  std::vector<std::string> arguments{"node"};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  try {
    std::vector<cli::command> commands;
    commands.push_back(cli::node_command(std::move(extensions)));
    return static_cast<int>(cli::run_command_line(commands, arguments, io));
  } catch (const std::exception& fault) {
    std::cerr << "troupe: " << fault.what() << '\n';
    return static_cast<int>(cli::exit_code::failed);
  }
}

} // namespace troupe
