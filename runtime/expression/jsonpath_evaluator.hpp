#pragma once

#include "runtime/core/json.hpp"
#include "runtime/expression/jsonpath_query.hpp"
#include "runtime/expression/scope.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::jsonpath_syntax {

/// What `$` stands for: one document, or a scope that is asked member by member and only as a last resort for the
/// whole document.
class root_source {
public:
  explicit root_source(const json& root) : root_{&root} {}
  explicit root_source(const scope& in) : scope_{&in} {}

  struct start {
    /// Null when there is no such member.
    const json* node;
    /// How many segments lead there.
    size_t segments;
  };

  /// As near to the goal of an absolute query as can be had without a search.
  start begin(const query& path);

  const json* whole();

private:
  const json* root_ = nullptr;
  const scope* scope_ = nullptr;
  std::shared_ptr<const json> document_;
};

/// Value of a name or index in `node`; null when there is none.
const json* child(const json& node, const selector& by);

using nodes = std::vector<const json*>;

/// One evaluation of a query.
class evaluator {
public:
  /// Values that one evaluation may look at, so that `$..[*,*]..[*,*]` comes to an end.
  static constexpr uint64_t work_limit = 5'000'000;

  explicit evaluator(root_source& root) : root_{root} {}

  /// `current` is what `@` means; null outside of filters.
  nodes select(const query& path, const json* current);

  /// The limit was reached: the selection is not complete.
  bool exhausted() const {
    return work_ > work_limit;
  }

private:
  /// A value of a comparison; `node` is null for Nothing. Points into the document, the query or `computed`.
  struct value {
    const json* node = nullptr;
    json computed;

    const json* get() const {
      return computed.is_null() ? node : &computed;
    }
  };

  void apply(const segment& step, const json& node, nodes& out);
  void apply(const selector& by, const json& node, nodes& out);
  void descend(const segment& step, const json& node, nodes& out);
  void filter(const logical& condition, const json& node, nodes& out);
  void put(const json& node, nodes& out);

  /// Work that may still be done.
  uint64_t left() const;

  bool holds(const logical& condition, const json& current);
  bool holds(const comparison& both, const json& current);
  bool matches(const call& function, const json& current);
  value evaluate(const operand& what, const json& current);
  value evaluate(const call& function, const json& current);

  root_source& root_;
  uint64_t work_ = 0;
};

} // namespace troupe::jsonpath_syntax
