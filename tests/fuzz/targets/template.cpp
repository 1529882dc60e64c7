#include "runtime/core/json.hpp"
#include "runtime/expression/text_template.hpp"
#include "runtime/expression/utf8.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

/// A Mustache template.
void template_text(std::string_view data) {
  static const json root = json::parse(R"({"a": [1, [2, 3], {"b": "x"}, [], null], "b": {"c": {"d": "é"}}, "t": true,
    "f": false, "n": null, "text": "{{a}}", "many": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]})");
  const auto parsed = text_template::parse(unfold(data));
  if (!parsed) {
    require(!parsed.error().message.empty(), "an error has a sentence");
    return;
  }
  const auto rendered = parsed->render(root);
  if (rendered) {
    require(rendered->size() <= size_t{4} << 20, "what is rendered is bounded");
    require(utf8::valid(*rendered), "what is rendered is UTF-8");
  }
}

} // namespace troupe::fuzz
