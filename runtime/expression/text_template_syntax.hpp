#pragma once

#include "runtime/core/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::text_template_syntax {

/// A piece of a template. Internal to runtime/expression; users see text_template.hpp.
struct node {
  enum class kind { text, variable, section, inverted };
  kind what = kind::text;
  std::string text;
  /// {{a.b}}: ["a", "b"]; {{.}}: empty.
  std::vector<std::string> path;
  std::vector<node> children;
};

result<std::vector<node>> parse(std::string_view text);

} // namespace troupe::text_template_syntax
