#pragma once

#include "runtime/core/json.hpp"
#include "runtime/expression/json_schema.hpp"
#include "runtime/expression/mapping.hpp"
#include "runtime/workflow/agent_definition.hpp"
#include "runtime/workflow/step.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// A validated workflow: every name resolves, every expression is compiled. Immutable; runs share it.
struct workflow {
  std::string name;
  std::optional<json_schema> input_schema;
  std::optional<json_schema> output_schema;
  std::map<std::string, agent_definition> agents;
  /// The top level of the document, a group like any other.
  step root;
  /// The document in canonical form (durations and shorthands as written, agents of `--agents` merged in):
  /// compiling it again gives the same workflow. This is what the store keeps.
  json document;
  /// Its canonical text, and the SHA-256 (hex) of that.
  std::string text;
  std::string hash;
};

using workflow_ptr = std::shared_ptr<const workflow>;

} // namespace troupe
