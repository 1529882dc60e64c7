#include "nodes/cli/completions.hpp"

#include <fmt/format.h>

#include <string_view>

namespace troupe::cli {

namespace {

/// "-n,--nodes" -> {"-n", "--nodes"}
std::vector<std::string> split_names(std::string_view names) {
  std::vector<std::string> out;
  while (!names.empty()) {
    auto end = std::min(names.find(','), names.size());
    out.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return out;
}

std::string join(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

/// Within single quotes of a shell.
std::string single_quoted(std::string_view text) {
  std::string out;
  for (auto c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out;
}

/// zsh gives ':' and '[' a meaning in specifications.
std::string zsh_text(std::string_view text) {
  std::string out;
  for (auto c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\')
      out += '\\';
    out += c;
  }
  return single_quoted(out);
}

std::string bash_values(const argument& x) {
  if (!x.choices.empty())
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$word\"))", join(x.choices, " "));
  switch (x.completes) {
  case completion::file:
    return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$word\"))";
  case completion::directory:
    return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$word\"))";
  default:
    return ":";
  }
}

std::string zsh_action(const argument& x) {
  if (!x.choices.empty())
    return fmt::format("({})", join(x.choices, " "));
  switch (x.completes) {
  case completion::file:
    return "_files";
  case completion::directory:
    return "_files -/";
  default:
    return " ";
  }
}

std::string fish_values(const argument& x) {
  if (!x.choices.empty())
    return fmt::format(" -x -a '{}'", join(x.choices, " "));
  switch (x.completes) {
  case completion::file:
    return " -r -F";
  case completion::directory:
    return " -x -a '(__fish_complete_directories)'";
  default:
    return " -x";
  }
}

} // namespace

std::string bash_completions(const std::vector<command>& commands) {
  std::vector<std::string> names;
  for (const auto& x : commands)
    names.push_back(x.name);
  auto out = fmt::format("# bash completion for troupe; use: source <(troupe completions bash)\n"
                         "_troupe() {{\n"
                         "  local word=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}\n"
                         "  COMPREPLY=()\n"
                         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                         "    COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\"))\n"
                         "    return\n"
                         "  fi\n"
                         "  case ${{COMP_WORDS[1]}} in\n",
                         join(names, " "));
  for (const auto& x : commands) {
    std::vector<std::string> options;
    std::string cases;
    std::string positional = ":";
    for (const auto& arg : x.arguments) {
      if (arg.positional()) {
        positional = bash_values(arg);
        continue;
      }
      auto spellings = split_names(arg.names);
      options.insert(options.end(), spellings.begin(), spellings.end());
      if (!arg.flag())
        cases += fmt::format("    {}) {} ;;\n", join(spellings, "|"), bash_values(arg));
    }
    options.emplace_back("--help");
    out += fmt::format("  {})\n    case $previous in\n{}    *)\n"
                       "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\")); else {}; fi ;;\n"
                       "    esac ;;\n",
                       x.name, cases, join(options, " "), positional);
  }
  out += "  esac\n}\ncomplete -F _troupe troupe\n";
  return out;
}

std::string zsh_completions(const std::vector<command>& commands) {
  std::string out = "#compdef troupe\n"
                    "# zsh completion for troupe; use: source <(troupe completions zsh)\n"
                    "_troupe() {\n"
                    "  local -a commands=(\n";
  for (const auto& x : commands)
    out += fmt::format("    '{}:{}'\n", x.name, zsh_text(x.summary));
  out += "  )\n"
         "  if (( CURRENT == 2 )); then\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local name=$words[2]\n"
         "  words=(\"${(@)words[2,-1]}\")\n"
         "  (( CURRENT-- ))\n"
         "  case $name in\n";
  for (const auto& x : commands) {
    out += fmt::format("  {})\n    _arguments '--help[print the help]'", x.name);
    for (const auto& arg : x.arguments) {
      if (arg.positional()) {
        auto many = std::holds_alternative<std::vector<std::string>*>(arg.target);
        out +=
            fmt::format(" \\\n      '{}:{}:{}'", many ? "*" : "", zsh_text(arg.names), single_quoted(zsh_action(arg)));
        continue;
      }
      for (const auto& name : split_names(arg.names)) {
        out += fmt::format(" \\\n      '{}[{}]", name, zsh_text(arg.help));
        out += arg.flag() ? "'" : fmt::format(":{}:{}'", zsh_text(arg.value), single_quoted(zsh_action(arg)));
      }
    }
    out += " ;;\n";
  }
  out += "  esac\n}\ncompdef _troupe troupe\n";
  return out;
}

std::string fish_completions(const std::vector<command>& commands) {
  std::string out = "# fish completion for troupe; use: troupe completions fish | source\n"
                    "complete -c troupe -f\n";
  for (const auto& x : commands) {
    out += fmt::format("complete -c troupe -n __fish_use_subcommand -a {} -d '{}'\n", x.name, single_quoted(x.summary));
    for (const auto& arg : x.arguments) {
      auto line = fmt::format("complete -c troupe -n '__fish_seen_subcommand_from {}'", x.name);
      if (arg.positional()) {
        if (arg.choices.empty() && arg.completes == completion::none)
          continue;
        // Values that stand alone: no -r, which is for those of an option.
        line += arg.completes == completion::file ? " -F" : fish_values(arg).replace(0, 3, "");
      } else {
        for (const auto& name : split_names(arg.names))
          line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        line += fmt::format(" -d '{}'", single_quoted(arg.help));
        if (!arg.flag())
          line += fish_values(arg);
      }
      out += line + '\n';
    }
  }
  return out;
}

} // namespace troupe::cli
