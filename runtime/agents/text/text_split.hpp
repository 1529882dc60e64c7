#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe::text {

/// Cuts a text into pieces along its headings and paragraphs. The pieces cover all lines that are not blank, in order.
/// Headings: Markdown (`# …`), numbered titles of one line ("2. Grant of Rights."), and lines in capitals that stand
/// alone.
///
/// In: {document | text, by: "headings" (default) | "paragraphs", max_chars: 200..100000 = 4000}
/// Out: {document, chunks: [{index, heading, first_line, last_line, text}]}
///
/// A section larger than `max_chars` is cut between paragraphs, a paragraph between lines; only a single line may be
/// larger. Small paragraphs of one section are put together as far as `max_chars` allows (by headings only).
result<json> split(const json& input);

} // namespace troupe::text
