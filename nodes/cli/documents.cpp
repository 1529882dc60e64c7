#include "nodes/cli/documents.hpp"

#include "nodes/cli/format.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <cmath>
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
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("{} is a folder; give a file in it", path));
    file.open(path, std::ios::binary);
    if (!file)
      return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("cannot read {}: {}", path, std::strerror(errno)));
  }
  auto& from = path == "-" ? in : file;
  out.text.resize(limit + 1);
  from.read(out.text.data(), static_cast<std::streamsize>(out.text.size()));
  out.text.resize(static_cast<size_t>(from.gcount()));
  if (out.text.size() > limit)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                fmt::format("{} is larger than {}, the limit for a document", out.name, format_bytes(limit)));
  return out;
}

workflow_ptr load_workflow_file(const std::string& path, const std::optional<std::string>& agents_path, console& io) {
  auto complain = [&](const std::string& text) {
    io.err << printable(text) << '\n';
    return nullptr;
  };
  auto source = read_source(path, io.in);
  if (!source)
    return complain("troupe: " + source.error().message);
  load_options options;
  if (agents_path) {
    auto agents = read_source(*agents_path, io.in);
    if (!agents)
      return complain("troupe: " + agents.error().message);
    options.agents = std::move(*agents);
  }
  auto loaded = load_workflow(*source, options);
  if (loaded)
    return *loaded;
  for (const auto& fault : loaded.error())
    complain(to_string(fault));
  auto count = loaded.error().size();
  return complain(fmt::format("{}: {} fault{}; nothing was run", source->name, count, count == 1 ? "" : "s"));
}

result<json> read_input(const std::optional<std::string>& value, std::istream& in) {
  if (!value)
    return json::object();
  source_text source{"--input", *value};
  if (*value == "-" || value->starts_with('@')) {
    auto read = read_source(*value == "-" ? *value : value->substr(1), in);
    if (!read)
      return tl::unexpected(std::move(read.error()));
    source = std::move(*read);
  }
  auto parsed = parse_document(source);
  if (!parsed)
    return fail(v1::ERROR_CODE_INVALID_INPUT, first_fault(parsed.error()));
  return std::move(*parsed);
}

result<milliseconds> read_duration(const std::string& text) {
  auto bad = [&] {
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                fmt::format("\"{}\" is not a duration; expected one like 250ms, 30s, 5m or 1.5h", printable(text)));
  };
  double number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc{} || number < 0 || !std::isfinite(number))
    return bad();
  std::string unit(end, text.data() + text.size());
  double factor = 0;
  if (unit == "ms")
    factor = 1;
  else if (unit.empty() || unit == "s")
    factor = 1'000;
  else if (unit == "m")
    factor = 60'000;
  else if (unit == "h")
    factor = 3'600'000;
  constexpr double year_ms = 365.0 * 24 * 3'600'000;
  if (factor == 0 || number * factor > year_ms)
    return bad();
  return milliseconds{static_cast<int64_t>(number * factor)};
}

} // namespace troupe::cli
