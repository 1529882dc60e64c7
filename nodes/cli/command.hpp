#pragma once

#include "nodes/cli/console.hpp"
#include "nodes/cli/exit_code.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace troupe::cli {

/// What a shell offers for a value.
enum class completion { none, file, directory };

/// One option, flag or positional argument. The targets live as long as the command.
struct argument {
  /// "-n,--nodes" for an option, "file" for a positional one.
  std::string names;
  /// A flag is one with a bool as its target.
  std::variant<bool*, uint32_t*, std::string*, std::optional<std::string>*, std::vector<std::string>*> target;
  std::string help;
  /// Shown in the help: "FILE".
  std::string value = "";
  std::vector<std::string> choices = {};
  completion completes = completion::none;
  bool required = false;

  bool positional() const {
    return names.front() != '-';
  }

  bool flag() const {
    return std::holds_alternative<bool*>(target);
  }
};

/// One command of the command line, as data: the parser, the help and the completions are made from it.
struct command {
  std::string name;
  /// One line without a full stop.
  std::string summary;
  std::vector<argument> arguments;
  /// What comes below the options in the help: examples.
  std::string examples;
  std::function<exit_code(console&)> run;
};

} // namespace troupe::cli
