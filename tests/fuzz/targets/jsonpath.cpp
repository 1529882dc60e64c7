#include "runtime/expression/jsonpath.hpp"
#include "runtime/core/json.hpp"
#include "runtime/expression/mapping.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

json document_of(std::string_view text) {
  static const json usual = json::parse(R"({"input": {"a": [1, 2, {"b": "x"}], "text": "abc"}, "item": null,
    "steps": {"plan": {"a": [[1, [2]], "é", -1.5e3]}, "skipped": null}, "results": {"plan": {"status": "succeeded"}}})");
  auto out = text.empty() ? usual : json::parse(text, nullptr, false);
  return out.is_discarded() ? usual : out;
}

} // namespace

/// A query, an empty line, a document.
void jsonpath_query(std::string_view data) {
  const auto [query, rest] = halves(data);
  const auto text = unfold(query);
  const auto path = jsonpath::parse(text);
  if (!path) {
    require(!path.error().message.empty(), "an error has a sentence");
    return;
  }
  const auto document = document_of(rest);
  path->reads();
  const auto found = path->select(document);
  if (found && path->singular())
    require(found->size() <= 1, "a singular query selects one value at most");
  static_cast<void>(path->evaluate(json_scope{document}));

  const auto again = jsonpath::parse(path->text());
  require(again.has_value(), "a query's own text is a query");
  const json outer = {{"input", document}};
  const auto deeper = path->rebased("input").select(outer);
  if (found && deeper)
    require(found->size() == deeper->size(), "a rebased query selects the same");
}

} // namespace troupe::fuzz
