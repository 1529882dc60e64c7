#include "nodes/cli/completions.hpp"
#include "nodes/cli/commands.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

command completions_command() {
  auto shell = std::make_shared<std::string>();
  return {
      .name = "completions",
      .summary = "Print the completions for a shell",
      .arguments = {{.names = "shell",
                     .target = shell.get(),
                     .help = "Which shell",
                     .value = "SHELL",
                     .choices = {"bash", "zsh", "fish"},
                     .required = true}},
      .examples = "  source <(troupe completions bash)\n"
                  "  troupe completions fish > ~/.config/fish/completions/troupe.fish\n",
      .run =
          [shell](console& io) {
            auto commands = all_commands();
            if (*shell == "bash")
              io.out << bash_completions(commands);
            else if (*shell == "zsh")
              io.out << zsh_completions(commands);
            else
              io.out << fish_completions(commands);
            return exit_code::done;
          },
  };
}

} // namespace troupe::cli
