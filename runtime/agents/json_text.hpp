#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// Levels of arrays and objects that a payload may have.
inline constexpr size_t max_payload_depth = 64;

/// Where a text stops being what it should be.
struct text_fault {
  size_t offset = 0;
  std::string what;
};

/// Nothing when `text` is one JSON value (RFC 8259) in valid UTF-8, no deeper than `max_depth`, with numbers that a
/// double can hold: then the parser reads it. Does not recurse and allocates next to nothing, so it is safe on hostile
/// input.
std::optional<text_fault> check_json(std::string_view text, size_t max_depth = max_payload_depth);

/// False only where a text surely has no more than so many levels: it opens no more. A fraction of what check_json
/// takes.
bool may_be_deeper(std::string_view text, size_t levels);

/// Whether a value has more than so many levels of arrays and objects.
bool is_deeper(const json& value, size_t levels);

/// Nothing when `text` is valid UTF-8 (RFC 3629).
std::optional<text_fault> check_utf8(std::string_view text);

/// The value, after check_json. Fails with ERROR_CODE_INVALID_INPUT naming the byte. No text at all is null.
result<json> parse_payload(std::string_view text, size_t max_depth = max_payload_depth);

/// The compact text of a value. Fails with ERROR_CODE_INVALID_OUTPUT on strings that are not UTF-8 or too deep a value.
result<std::string> print_payload(const json& value, size_t max_depth = max_payload_depth);

/// Replaces what is not UTF-8 by U+FFFD and cuts to `max_bytes` (at a character, and adds "…"): for messages of others
/// that go into Protobuf strings.
std::string clean_text(std::string_view text, size_t max_bytes);

} // namespace troupe
