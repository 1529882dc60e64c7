#include "nodes/cli/version.hpp"
#include "nodes/cli/commands.hpp"
#include "runtime/core/json.hpp"
#include "runtime/run/machine.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

command version_command() {
  auto as_json = std::make_shared<bool>(false);
  return {
      .name = "version",
      .summary = "Print the version",
      .arguments = {{.names = "--json", .target = as_json.get(), .help = "As JSON"}},
      .examples = "  troupe version --json\n",
      .run =
          [as_json](console& io) {
            if (*as_json)
              io.out << json{{"version", version()}, {"machine_version", run_machine::version}}.dump() << '\n';
            else
              io.out << version_line() << '\n';
            return exit_code::done;
          },
  };
}

} // namespace troupe::cli
