#pragma once

#include "runtime/core/json.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// The value of a text that simdjson finds to be JSON (RFC 8259) in valid UTF-8 of no more than `max_depth` levels.
/// Nothing when it is not, and for some texts that are (long or deep ones, escapes by number, numbers beyond 64 bits):
/// those are json::parse's to read, which takes several times as long.
std::optional<json> read_common_json(std::string_view text, size_t max_depth);

/// Levels of arrays and objects above which a text is none that simdjson reads here.
inline constexpr size_t common_depth = 32;

/// Whether simdjson finds the text to be such JSON, of no more than `common_depth` levels; false for the same texts
/// that are. Several times as fast as reading them byte by byte, where they are not short.
bool is_common_json(std::string_view text);

/// As json::parse, for texts that were checked where they came in (check_json).
json read_json(std::string_view text);

/// As `value.dump()`, but several times as fast. What is no UTF-8 becomes U+FFFD, or with `strict` throws.
std::string print_json(const json& value, json::error_handler_t bad_text = json::error_handler_t::replace);

/// The same at the end of `out`.
void append_value(const json& value, std::string& out);

/// The same of a string.
void append_json(std::string_view text, std::string& out);

} // namespace troupe
