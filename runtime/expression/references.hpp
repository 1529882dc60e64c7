#pragma once

#include <set>
#include <string>

namespace troupe {

/// What an expression reads; the source of a step's dependencies.
struct references {
  /// Ids named as `$.steps.<id>`, `$.results.<id>`, `steps.<id>`, `steps["<id>"]`, `results.<id>`.
  std::set<std::string> steps;
  /// The expression reads `steps` or `results` in a way that names no id (`$.steps[*]`, `$..x`,
  /// `pairs(steps)`): it depends on every step before it.
  bool all_steps = false;
  /// Other root members: `input`, `item`, …
  std::set<std::string> members;

  void merge(const references& other) {
    steps.insert(other.steps.begin(), other.steps.end());
    members.insert(other.members.begin(), other.members.end());
    all_steps = all_steps || other.all_steps;
  }
};

} // namespace troupe
