#include "nodes/cli/documents.hpp"

#include "nodes/cli/format.hpp"
#include "runtime/language/duration.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <istream>
#include <ostream>

namespace troupe::cli {

namespace {

std::string first_fault(const std::vector<diagnostic>& faults) {
  auto out = faults.empty() ? std::string{"not valid"} : to_string(faults.front());
  if (faults.size() > 1)
    out += fmt::format(" (and {} more)", faults.size() - 1);
  return out;
}

} // namespace

result<source_text> read_source(const std::string& path, std::istream& in) {
  const auto limit = language_limits{}.document_bytes;
  source_text out;
  out.name = path == "-" ? "<stdin>" : path;
  std::ifstream file;
  if (path != "-") {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
      return fail(v1::ERROR_CODE_INVALID_INPUT, "it is a folder; give a file in it");
    file.open(path, std::ios::binary);
    if (!file)
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("it cannot be read: {}", std::strerror(errno)));
  }
  auto& from = path == "-" ? in : file;
  out.text.resize(limit + 1);
  from.read(out.text.data(), static_cast<std::streamsize>(out.text.size()));
  out.text.resize(static_cast<size_t>(from.gcount()));
  if (out.text.size() > limit)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                fmt::format("it is larger than {}, the limit for a document", format_bytes(limit)));
  return out;
}

checked<workflow_ptr> load_workflow_file(const std::string& path, const std::optional<std::string>& agents_path,
                                         std::istream& in, std::vector<diagnostic>* warnings) {
  auto unreadable = [](const std::string& name, const error& why) {
    diagnostic fault;
    fault.source = name;
    fault.message = why.message;
    return tl::unexpected(std::vector{std::move(fault)});
  };
  auto source = read_source(path, in);
  if (!source)
    return unreadable(path, source.error());
  load_options options;
  if (agents_path) {
    auto agents = read_source(*agents_path, in);
    if (!agents)
      return unreadable(*agents_path, agents.error());
    options.agents = std::move(*agents);
  }
  options.warnings = warnings;
  return load_workflow(*source, options);
}

std::vector<argument> document_arguments(document_flags& x) {
  return {{.names = "file",
           .target = &x.file,
           .help = "The workflow document; - for standard input",
           .value = "FILE",
           .completes = completion::file,
           .required = true},
          {.names = "--agents",
           .target = &x.agents,
           .help = "A document with more agents",
           .value = "FILE",
           .completes = completion::file}};
}

json to_json(const std::vector<diagnostic>& said) {
  auto out = json::array();
  for (const auto& x : said)
    out.push_back({{"source", x.source},
                   {"line", x.line},
                   {"column", x.column},
                   {"place", x.place},
                   {"message", x.message},
                   {"remedy", x.remedy}});
  return out;
}

exit_code complain(const std::vector<diagnostic>& faults, console& io) {
  for (const auto& fault : faults)
    io.err << printable(to_string(fault)) << '\n';
  if (faults.size() > 1)
    io.err << faults.size() << " faults; nothing was run\n";
  return exit_code::bad_input;
}

result<json> read_input(const std::optional<std::string>& value, std::istream& in) {
  if (!value)
    return json::object();
  source_text source{"--input", *value};
  if (*value == "-" || value->starts_with('@')) {
    auto path = *value == "-" ? *value : value->substr(1);
    auto read = read_source(path, in);
    if (!read)
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("--input {}: {}", path, read.error().message));
    source = std::move(*read);
  }
  auto parsed = parse_document(source);
  if (!parsed)
    return fail(v1::ERROR_CODE_INVALID_INPUT, first_fault(parsed.error()));
  return std::move(*parsed);
}

result<milliseconds> read_duration(const std::string& text) {
  auto is_number = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
  if (auto duration = parse_duration(is_number ? text + "s" : text))
    return *duration;
  return fail(v1::ERROR_CODE_INVALID_INPUT,
              fmt::format("\"{}\" is not a duration; expected one like 250ms, 30s, 5m or 1.5h", printable(text)));
}

} // namespace troupe::cli
