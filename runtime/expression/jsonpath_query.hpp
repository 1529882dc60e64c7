#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/expression/i_regexp.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The syntax tree of a JSONPath query. Internal to runtime/expression; users see jsonpath.hpp.
namespace troupe::jsonpath_syntax {

struct logical;

struct name_selector {
  std::string name;
};

struct wildcard_selector {};

struct index_selector {
  int64_t index = 0;
};

struct slice_selector {
  std::optional<int64_t> start;
  std::optional<int64_t> end;
  int64_t step = 1;
};

struct filter_selector {
  std::shared_ptr<const logical> condition;
};

using selector = std::variant<name_selector, wildcard_selector, index_selector, slice_selector, filter_selector>;

/// `[…]` or `.name`; with `descendant`, `..` in front of it.
struct segment {
  bool descendant = false;
  std::vector<selector> selectors;
};

struct query {
  /// Begins with `@` instead of `$`.
  bool relative = false;
  std::vector<segment> segments;

  bool singular() const;
};

enum class function { length, count, match, search, value };

struct operand;

struct call {
  function what = function::length;
  std::vector<operand> arguments;
  /// match and search with a literal pattern: compiled once. Null also when the literal is no regular expression.
  std::shared_ptr<const i_regexp> pattern;
  bool literal_pattern = false;
};

/// What stands in a comparison or as the argument of a function.
struct operand {
  std::variant<json, query, call> what;
};

struct comparison {
  enum class op { equal, not_equal, less, less_or_equal, greater, greater_or_equal };
  op how = op::equal;
  operand left;
  operand right;
};

struct logical {
  struct all_of {
    std::vector<logical> terms;
  };
  struct any_of {
    std::vector<logical> terms;
  };
  struct none_of {
    std::vector<logical> terms;
  };
  /// A query tests that it selects something.
  std::variant<all_of, any_of, none_of, comparison, query, call> what;
};

struct parsed {
  query root;
  /// Byte offsets of every `$` that stands for the root.
  std::vector<size_t> roots;
};

/// Text must not be longer than `limit` bytes.
result<parsed> parse(std::string_view text, size_t limit);

} // namespace troupe::jsonpath_syntax
