#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// A compiled JSON Schema (draft-7). Immutable, safe to share. `$ref` resolves inside the schema only.
class json_schema {
public:
  static result<json_schema> compile(const json& schema);

  const json& document() const;

  /// Empty when valid; else one sentence per fault, each beginning with a JSON pointer ("/goal: …").
  /// At most 20.
  std::vector<std::string> check(const json& value) const;

private:
  struct compiled;
  explicit json_schema(std::shared_ptr<const compiled> c);
  std::shared_ptr<const compiled> compiled_;
};

} // namespace troupe
