#pragma once

#include "runtime/language/document_node.hpp"
#include "runtime/language/line_index.hpp"
#include "runtime/language/load.hpp"

#include <string_view>

namespace troupe {

/// YAML or JSON text to a tree; see parse_document for what is refused.
checked<document_node_ptr> read_document(const source_text& source, const language_limits& limits);

/// A value without a text to a tree without positions, under the same limits.
checked<document_node_ptr> read_document(const json& value, const language_limits& limits);

// The two syntaxes. `text` is valid UTF-8 without control characters and byte order mark. They throw document_fault.
document_node_ptr read_yaml(std::string_view text, line_index& lines, const language_limits& limits);
document_node_ptr read_json(std::string_view text, line_index& lines, const language_limits& limits);

} // namespace troupe
