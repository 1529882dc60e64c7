#include "runtime/agents/llm/structured_output.hpp"

#include "runtime/agents/json_text.hpp"

#include <optional>

namespace troupe {

namespace {

std::string_view trimmed(std::string_view text) {
  auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

/// What the first ``` fence holds, without its language tag. A fence that is never closed reaches to the end.
std::optional<std::string_view> fenced(std::string_view text) {
  auto open = text.find("```");
  if (open == std::string_view::npos)
    return std::nullopt;
  auto line_end = text.find('\n', open);
  if (line_end == std::string_view::npos)
    return std::nullopt;
  auto rest = text.substr(line_end + 1);
  return trimmed(rest.substr(0, rest.find("```")));
}

std::optional<std::string_view> bracketed(std::string_view text) {
  auto open = text.find_first_of("{[");
  if (open == std::string_view::npos)
    return std::nullopt;
  auto close = text.find_last_of(text[open] == '{' ? '}' : ']');
  if (close == std::string_view::npos || close < open)
    return std::nullopt;
  return text.substr(open, close - open + 1);
}

} // namespace

result<json> extract_json(std::string_view text) {
  auto whole = trimmed(text);
  if (whole.empty())
    return fail(v1::ERROR_CODE_INVALID_OUTPUT, "the answer is empty; expected JSON");
  auto value = parse_payload(whole);
  if (value)
    return value;
  for (auto part : {fenced(whole), bracketed(whole)})
    if (part && !part->empty())
      if (auto inner = parse_payload(*part))
        return inner;
  return fail(v1::ERROR_CODE_INVALID_OUTPUT, "the answer is not JSON: " + value.error().message);
}

checked_output check_output(std::string_view text, const json_schema& schema) {
  auto value = extract_json(text);
  if (!value)
    return {{}, {value.error().message}};
  auto faults = schema.check(*value);
  return {std::move(*value), std::move(faults)};
}

} // namespace troupe
