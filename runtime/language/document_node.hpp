#pragma once

#include "runtime/core/json.hpp"
#include "runtime/workflow/step.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct document_node;
using document_node_ptr = std::shared_ptr<const document_node>;

struct document_member {
  std::string key;
  source_position where;
  document_node_ptr value;
};

/// A value of a document with its place in the text; the common form of YAML and JSON. A YAML alias shares the
/// node of its anchor.
struct document_node {
  enum class shape { scalar, list, object };

  shape is = shape::scalar;
  json scalar;
  std::vector<document_node_ptr> items;
  /// In document order, keys unique.
  std::vector<document_member> members;
  source_position where;
  /// Values in this subtree after aliases are expanded, and its nesting (1 for a scalar).
  size_t size = 1;
  size_t height = 1;

  const document_member* find(std::string_view key) const;
};

json to_json(const document_node& node);

} // namespace troupe
