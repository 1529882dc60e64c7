#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

class function_registry;

/// A builtin tool over texts, as JSON in and out. The shapes are in the header of each: text_search.hpp, …
struct text_tool {
  std::string_view name;
  result<json> (*run)(const json& input);
  /// One line for `troupe agents`.
  std::string_view purpose;
};

/// text.documents, text.evidence, text.keywords, text.score, text.search, text.split, text.summary.
const std::vector<text_tool>& text_tools();

/// Runs a tool. In place of `documents`, `document` or `text` the input may name a `folder` and `names` in it (one name
/// where the tool takes one text, as `name` or `names`): the texts are read from there. `defaults` (an agent's
/// settings) fill in members that the input does not have; its `root`, when set, is a folder that `folder` must not
/// leave. Fails with ERROR_CODE_NOT_FOUND for an unknown tool, ERROR_CODE_FORBIDDEN for a folder outside of `root`.
result<json> run_text_tool(std::string_view name, const json& input, const json& defaults = json::object());

/// Registers all tools as blocking functions. The `confidence` and `score` of an output become the confidence and the
/// quality of the result.
void add_text_tools(function_registry& registry);

} // namespace troupe
