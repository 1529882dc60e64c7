#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/lazy_json.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// What `$` means at a place in a running workflow. Expressions ask for the members that they
/// name, so a scope never has to build the whole document.
class scope {
public:
  virtual ~scope() = default;

  /// A root member other than `steps` and `results`: `input`, `item`, `index`, `run`, `error`,
  /// `partial`, … Null when the scope has none of that name.
  virtual const json* member(std::string_view name) const = 0;

  /// Output of a step that has ended (JSON null for one that was skipped). Null when no such step
  /// is visible from here.
  virtual const json* step(std::string_view id) const = 0;

  /// What is known about a step that has ended: {status, output, error, confidence, quality,
  /// attempts}. Null when no such step is visible from here.
  virtual const json* step_result(std::string_view id) const = 0;

  /// What `$.a.b` selects, where the scope holds just that as a text that need not be parsed. Null when it does not,
  /// and when there is no such thing: the other members tell.
  virtual const lazy_json* whole(const std::vector<std::string>& names) const {
    (void)names;
    return nullptr;
  }

  /// Everything as one document, for the rare expression that names no member (`$..x`, `$.steps[*]`,
  /// `pairs(steps)`). May be expensive. Null when the scope cannot tell: then such an expression selects nothing.
  virtual std::shared_ptr<const json> document() const {
    return nullptr;
  }
};

/// A scope over one JSON object whose members are the root's members (`steps` and `results`
/// are objects keyed by step id). For tests, the command line and agents.
class json_scope final : public scope {
public:
  explicit json_scope(const json& root) : root_{root} {}

  const json* member(std::string_view name) const override {
    return find(root_, name);
  }

  const json* step(std::string_view id) const override {
    auto* steps = find(root_, "steps");
    return steps ? find(*steps, id) : nullptr;
  }

  const json* step_result(std::string_view id) const override {
    auto* results = find(root_, "results");
    return results ? find(*results, id) : nullptr;
  }

  std::shared_ptr<const json> document() const override {
    return {std::shared_ptr<const json>{}, &root_};
  }

private:
  static const json* find(const json& object, std::string_view key) {
    if (!object.is_object())
      return nullptr;
    auto i = object.find(key);
    return i == object.end() ? nullptr : &*i;
  }

  const json& root_;
};

} // namespace troupe
