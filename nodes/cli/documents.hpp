#pragma once

#include "nodes/cli/command.hpp"
#include "nodes/cli/console.hpp"
#include "nodes/cli/exit_code.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/language/load.hpp"

#include <optional>
#include <string>
#include <vector>

namespace troupe::cli {

/// Reads a file, or `in` for "-". Stops at the limit for documents: what is larger is refused by name.
result<source_text> read_source(const std::string& path, std::istream& in);

/// A workflow document with the agents of another one, where given. A file that cannot be read is a fault like others.
/// `warnings`: what is probably not meant, where it is given.
checked<workflow_ptr> load_workflow_file(const std::string& path, const std::optional<std::string>& agents_path,
                                         std::istream& in, std::vector<diagnostic>* warnings = nullptr);

/// Which workflow a command works on.
struct document_flags {
  std::string file;
  std::optional<std::string> agents;
};

/// `x` lives as long as the command.
std::vector<argument> document_arguments(document_flags& x);

/// [{source, line, column, place, message, remedy}]
json to_json(const std::vector<diagnostic>& said);

/// Writes all faults to `io.err`.
exit_code complain(const std::vector<diagnostic>& faults, console& io);

/// The value of --input: JSON as it stands, "@file" (YAML or JSON), or "-" for standard input. Absent: {}.
result<json> read_input(const std::optional<std::string>& value, std::istream& in);

/// "250ms", "30s", "5m", "1.5h"; a bare number means seconds.
result<milliseconds> read_duration(const std::string& text);

} // namespace troupe::cli
