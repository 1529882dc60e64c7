#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// A compiled Mustache template without HTML escaping: `{{x}}` and `{{{x}}}` are the same, for prompts
/// are no web pages. Objects and arrays that are printed as a whole become compact JSON.
class text_template {
public:
  static result<text_template> parse(std::string_view text);

  const std::string& text() const;

  /// Unknown names render as nothing, as Mustache has it. Output is bounded to 4 MiB.
  result<std::string> render(const json& data) const;

private:
  struct compiled;
  explicit text_template(std::shared_ptr<const compiled> c);
  std::shared_ptr<const compiled> compiled_;
};

} // namespace troupe
