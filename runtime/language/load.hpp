#pragma once

#include "runtime/workflow/workflow.hpp"

#include <tl/expected.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A text with the name under which people know it ("flow.yaml", "<stdin>").
struct source_text {
  std::string name;
  std::string text;
};

/// One fault of a document.
struct diagnostic {
  std::string source;
  /// From 1; 0 = the whole document.
  int line = 0;
  int column = 0;
  /// "steps[2].agent"
  std::string place;
  /// What was found and what was expected.
  std::string message;
  /// What to do ("did you mean \"agent\"?"); may be empty.
  std::string remedy;
};

/// "flow.yaml:12:5: steps[2].agnet: unknown key; expected one of …; did you mean \"agent\"?"
std::string to_string(const diagnostic& x);

struct language_limits {
  size_t document_bytes = size_t{4} << 20;
  size_t depth = 64;
  /// Values in the document after aliases are expanded.
  size_t nodes = 200'000;
  size_t fan_out = 100'000;
};

struct load_options {
  /// A document that holds `agents:` alone; its agents join those of the workflow (which wins on the same name).
  std::optional<source_text> agents;
  language_limits limits;
  /// Where to put what is no fault but probably not meant (an agent without work); may be null.
  std::vector<diagnostic>* warnings = nullptr;
};

template <class T>
using checked = tl::expected<T, std::vector<diagnostic>>;

/// YAML or JSON text (told apart by the first character) to JSON with positions thrown away. Refuses duplicate keys,
/// merge keys, anchors that expand past the limits, non-finite numbers, more than one document.
checked<json> parse_document(const source_text& source, const language_limits& limits = {});

/// Reads, validates and compiles a workflow document, or a template of the source material (`parallel_group`).
/// All faults that can be found at once are reported.
checked<workflow_ptr> load_workflow(const source_text& source, const load_options& options = {});

/// Compiles `workflow::document` of an earlier load: what the store and the wire carry.
checked<workflow_ptr> compile_workflow(const json& document, const language_limits& limits = {});

/// `agents:` alone, as a worker's configuration gives it.
checked<std::map<std::string, agent_definition>> load_agents(const source_text& source,
                                                             const language_limits& limits = {});

} // namespace troupe
