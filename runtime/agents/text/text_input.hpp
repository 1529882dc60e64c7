#pragma once

#include "runtime/agents/text/passages.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::text {

/// A text with the name under which it is quoted.
struct document {
  std::string name;
  std::string text;
};

/// Bounds of what one call of a tool looks at.
inline constexpr size_t text_limit = size_t{16} << 20;

/// The texts of a tool's input: `documents: [{name, text}, …]`, `document: {name, text}`, or `text: "…"` (whose name is
/// "text"). Fails with ERROR_CODE_INVALID_INPUT, naming the member: none of them, no UTF-8, more than 16 MiB.
result<std::vector<document>> documents_of(const json& input);

/// The same for tools that take one text.
result<document> document_of(const json& input);

/// Members of a tool's input. All fail with ERROR_CODE_INVALID_INPUT, naming the member and what it should be.
result<std::string> required_text(const json& input, const char* member);
result<std::string> optional_text(const json& input, const char* member, std::string_view otherwise);
/// Within [low, high].
result<int64_t> optional_integer(const json& input, const char* member, int64_t otherwise, int64_t low, int64_t high);
/// One text is a list of one; absent is empty.
result<std::vector<std::string>> optional_texts(const json& input, const char* member);

/// {quote, line, last_line, column} of a passage.
json quotation(std::string_view text, const line_index& lines, const passage& x);

/// Rounded to four digits: enough for a reader, and the same on every machine.
double rounded(double x);

} // namespace troupe::text
