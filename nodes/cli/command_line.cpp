#include "nodes/cli/command_line.hpp"

#include "nodes/cli/format.hpp"
#include "nodes/cli/version.hpp"
#include "runtime/language/nearest.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <ostream>

namespace troupe::cli {

namespace {

CLI::Option* add_to(CLI::App& app, const argument& x) {
  if (x.flag())
    return app.add_flag(x.names, *std::get<bool*>(x.target), x.help);
  return std::visit(
      [&](auto* target) -> CLI::Option* {
        using type = std::remove_pointer_t<decltype(target)>;
        if constexpr (std::is_same_v<type, bool>) {
          return nullptr;
        } else if constexpr (std::is_same_v<type, std::optional<std::string>>) {
          return app.add_option_function<std::string>(
              x.names, [target](const std::string& v) { *target = v; }, x.help);
        } else {
          auto* option = app.add_option(x.names, *target, x.help);
          if constexpr (std::is_same_v<type, uint32_t>)
            option->capture_default_str();
          // An option is given once for each of its values; only a positional one takes all that follow.
          if constexpr (std::is_same_v<type, std::vector<std::string>>) {
            if (!x.positional())
              option->allow_extra_args(false);
          }
          return option;
        }
      },
      x.target);
}

void add_to(CLI::App& app, command& x) {
  auto* sub = app.add_subcommand(x.name, x.summary);
  for (const auto& arg : x.arguments) {
    auto* option = add_to(*sub, arg);
    if (!arg.value.empty())
      option->type_name(arg.value);
    if (!arg.choices.empty())
      option->check(CLI::IsMember(arg.choices));
    option->required(arg.required);
  }
  if (!x.examples.empty())
    sub->footer("\nExamples:\n" + x.examples);
}

std::vector<std::string> names_of(const std::vector<command>& commands) {
  std::vector<std::string> names;
  for (const auto& x : commands)
    names.push_back(x.name);
  return names;
}

/// What follows an error message: the option that was probably meant, and where the help is.
std::string remedy(const std::vector<command>& commands, const std::vector<std::string>& arguments) {
  auto chosen = std::find_if(commands.begin(), commands.end(), [&](const command& x) {
    return std::count(arguments.begin(), arguments.end(), x.name) > 0;
  });
  if (chosen == commands.end())
    return "see: troupe --help";
  std::vector<std::string> known{"--help"};
  for (const auto& x : chosen->arguments) {
    if (auto dashes = x.names.find("--"); dashes != std::string::npos)
      known.push_back(x.names.substr(dashes));
  }
  for (const auto& word : arguments) {
    auto name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || std::count(known.begin(), known.end(), name) > 0)
      continue;
    if (auto near = nearest(name, known); !near.empty())
      return "did you mean " + near + "? see: troupe " + chosen->name + " --help";
  }
  return "see: troupe " + chosen->name + " --help";
}

} // namespace

exit_code run_command_line(std::vector<command>& commands, const std::vector<std::string>& arguments, console& io) {
  CLI::App app{"troupe runs workflows of agents, on one machine or on a cluster of node processes."};
  app.name("troupe");
  app.set_version_flag("--version", version_line());
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  for (auto& x : commands)
    add_to(app, x);
  app.footer("\nExit codes: 0 done, 1 failed, 2 bad input, 3 partial result, 4 unreachable, 130 interrupted.\n"
             "Each command explains itself: troupe run --help");
  if (arguments.empty()) {
    io.err << app.help();
    return exit_code::bad_input;
  }
  if (const auto& first = arguments.front(); first.front() != '-') {
    auto names = names_of(commands);
    if (std::count(names.begin(), names.end(), first) == 0) {
      io.err << "troupe: there is no command \"" << printable(first) << '"';
      if (auto near = nearest(first, names); !near.empty())
        io.err << "; did you mean \"" << near << "\"?";
      io.err << "\nsee: troupe --help\n";
      return exit_code::bad_input;
    }
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& fault) {
    // The help and the version come this way, too.
    if (fault.get_exit_code() == 0) {
      app.exit(fault, io.out, io.err);
      return exit_code::done;
    }
    io.err << "troupe: " << printable(fault.what()) << '\n' << remedy(commands, arguments) << '\n';
    return exit_code::bad_input;
  }
  auto chosen = app.get_subcommands().front()->get_name();
  auto i = std::find_if(commands.begin(), commands.end(), [&](const command& x) { return x.name == chosen; });
  return i->run(io);
}

} // namespace troupe::cli
