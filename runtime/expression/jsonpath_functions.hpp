#pragma once

#include "runtime/expression/jsonpath_query.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <vector>

namespace troupe::jsonpath_syntax {

/// What RFC 9535, 2.4.1 calls ValueType, NodesType and LogicalType.
enum class type { value, nodes, logical };

struct signature {
  std::string_view name;
  function what;
  std::vector<type> parameters;
  type returns;
};

/// In the order of `function`.
inline const std::array<signature, 5>& signatures() {
  static const std::array<signature, 5> all{{
      {"length", function::length, {type::value}, type::value},
      {"count", function::count, {type::nodes}, type::value},
      {"match", function::match, {type::value, type::value}, type::logical},
      {"search", function::search, {type::value, type::value}, type::logical},
      {"value", function::value, {type::nodes}, type::value},
  }};
  return all;
}

inline type returned_by(const call& c) {
  return signatures()[static_cast<size_t>(c.what)].returns;
}

} // namespace troupe::jsonpath_syntax
