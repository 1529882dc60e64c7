#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/expression/references.hpp"
#include "runtime/expression/scope.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A compiled JSONPath query (RFC 9535). Immutable, cheap to copy, safe to share.
class jsonpath {
public:
  /// Limits: 4 KiB of text, 64 levels of nesting. Errors name the column (from 1) and what was
  /// expected there.
  static result<jsonpath> parse(std::string_view text);

  const std::string& text() const;

  /// Only names and indices, so that it selects one value at most.
  bool singular() const;

  /// Of a query of names alone (`$.a['b']`), at least one; empty otherwise.
  const std::vector<std::string>& names() const;

  references reads() const;

  /// The same query one level deeper: `$.x` rebased on "input" is `$.input.x`. For documents whose
  /// `$` is the run's input.
  jsonpath rebased(std::string_view member) const;

  /// Every value that the query selects, in the RFC's order. Pointers live as long as `root`.
  /// Fails with ERROR_CODE_RESOURCE_EXHAUSTED after looking at 5 million values.
  result<std::vector<const json*>> select(const json& root) const;

  /// A singular query yields its value, another one the array of all it selects.
  /// A singular query that selects nothing fails with ERROR_CODE_EXPRESSION, naming the longest part
  /// that does exist and the members found there; but below a JSON null (a skipped step) it yields null.
  result<json> evaluate(const scope& in) const;

private:
  struct query;
  explicit jsonpath(std::shared_ptr<const query> q);
  std::shared_ptr<const query> query_;
};

} // namespace troupe
