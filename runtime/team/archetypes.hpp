#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// A reusable role: what a member of this kind is good at, answers for, and is to be asked for.
struct archetype {
  std::string name;
  std::string expertise;
  std::vector<std::string> responsibilities;
  std::string ask_when;
  /// May send the work back.
  bool reviews = false;
};

/// researcher, analyst, creator, critic, editor, coordinator.
const std::vector<archetype>& archetypes();

/// Null when there is none of that name.
const archetype* find_archetype(std::string_view name);

} // namespace troupe
