#pragma once

#include "runtime/expression/references.hpp"

#include <set>
#include <string>
#include <string_view>

namespace troupe {

/// What can be told of a Lua chunk by its words alone, without running it. Errs on the side of too many references.
struct lua_reads {
  std::set<std::string> steps;
  std::set<std::string> results;
  /// `steps` (`results`) is used other than as `steps.<id>` or `steps["<id>"]`.
  bool all_steps = false;
  bool all_results = false;
  /// Other names that are not declared in the chunk and not of the library.
  std::set<std::string> members;
  /// The word `return` occurs.
  bool returns = false;
  /// The word `_ENV` occurs, by which a chunk could reach members without naming them.
  bool environment = false;

  references all() const;
};

lua_reads read_lua_references(std::string_view text);

} // namespace troupe
