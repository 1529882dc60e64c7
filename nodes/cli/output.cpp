#include "nodes/cli/output.hpp"

#include "nodes/cli/proto_json.hpp"

#include <ostream>

namespace troupe::cli {

result<std::optional<jsonpath>> read_selection(const std::string& text) {
  if (text.empty())
    return std::nullopt;
  auto path = jsonpath::parse(text);
  if (!path)
    return fail(path.error().code, "--select: " + path.error().message);
  return *path;
}

result<void> write_output(std::ostream& out, const std::string& bytes, const std::optional<jsonpath>& select) {
  auto value = bytes_to_json(bytes);
  if (select) {
    auto part = select->evaluate(json_scope{value});
    if (!part)
      return fail(part.error().code, "--select: " + part.error().message);
    value = std::move(*part);
  }
  if (value.is_string())
    out << value.get<std::string>() << '\n';
  else
    out << value.dump(2) << '\n';
  return {};
}

} // namespace troupe::cli
