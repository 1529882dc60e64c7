#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/lazy_json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/expression/jsonpath.hpp"
#include "runtime/expression/references.hpp"
#include "runtime/expression/scope.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A JSON value in which every string that is `$` or begins with `$.` or `$[` is a JSONPath query, put in
/// place when a step starts. `$$…` stands for a literal string that begins with one dollar sign.
class mapping {
public:
  /// `rebase`: see jsonpath::rebased; empty = as written. Errors name the JSON pointer of the faulty string.
  static result<mapping> compile(const json& value, std::string_view rebase = {});

  const json& source() const {
    return source_;
  }

  const references& reads() const {
    return reads_;
  }

  result<json> evaluate(const scope& in) const;

  /// The same; a whole output or artifact that is handed on stays the text that it is.
  result<lazy_json> evaluate_lazily(const scope& in) const;

private:
  json source_;
  /// `source_` with `$$` resolved.
  json template_;
  references reads_;
  /// Where in `template_` the queries are; the empty pointer is the whole value.
  std::vector<std::pair<json::json_pointer, jsonpath>> queries_;
};

} // namespace troupe
