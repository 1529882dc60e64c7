#include "runtime/expression/jsonpath.hpp"
#include "tests/runtime/expression/json_generators.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace troupe {
namespace {

// RFC 9535, 2.7.
std::string normalized(const std::string& name) {
  std::string out = "['";
  for (char c : name) {
    if (c == '\n')
      out += "\\n";
    else if (c == '\'' || c == '\\')
      out += std::string{"\\"} + c;
    else
      out += c;
  }
  return out + "']";
}

void collect(const json& node, const std::string& path, std::vector<std::pair<std::string, const json*>>& out) {
  out.emplace_back(path, &node);
  if (!node.is_structured())
    return;
  for (auto i = node.begin(); i != node.end(); ++i)
    collect(*i, path + (node.is_object() ? normalized(i.key()) : "[" + std::to_string(i - node.begin()) + "]"), out);
}

RC_GTEST_PROP(jsonpath, selects_exactly_the_node_of_a_normalized_path, (const json& root)) {
  std::vector<std::pair<std::string, const json*>> nodes;
  collect(root, "$", nodes);
  for (const auto& [text, node] : nodes) {
    const auto path = jsonpath::parse(text).value();
    RC_ASSERT(path.singular());
    RC_ASSERT(path.select(root).value() == std::vector<const json*>{node});
  }
}

RC_GTEST_PROP(jsonpath, visits_every_node_but_the_root_once_by_descent, (const json& root)) {
  std::vector<std::pair<std::string, const json*>> nodes;
  collect(root, "$", nodes);
  auto found = jsonpath::parse("$..*").value().select(root).value();
  RC_ASSERT(found.size() == nodes.size() - 1);
  std::sort(found.begin(), found.end());
  RC_ASSERT(std::unique(found.begin(), found.end()) == found.end());
}

RC_GTEST_PROP(jsonpath, finds_the_same_below_a_new_base, (const json& root)) {
  const json wrapped{{"input", root}};
  for (const auto* text : {"$", "$..*", "$[*]", "$[?@.a == $.a]", "$[::2]"}) {
    const auto path = jsonpath::parse(text).value();
    const auto plain = path.select(root).value();
    const auto below = path.rebased("input").select(wrapped).value();
    RC_ASSERT(plain.size() == below.size());
    for (size_t i = 0; i < plain.size(); ++i)
      RC_ASSERT(*plain[i] == *below[i]);
  }
}

RC_GTEST_PROP(jsonpath, splits_an_array_by_a_filter_and_its_negation, ()) {
  const auto items = *rc::gen::resize(12, rc::gen::container<std::vector<json>>(testing::any_json(2)));
  const json root(items);
  auto size = [&](const char* text) { return jsonpath::parse(text).value().select(root).value().size(); };
  RC_ASSERT(size("$[?@ > 1]") + size("$[?!(@ > 1)]") == items.size());
  RC_ASSERT(size("$[?@.a]") + size("$[?!@.a]") == items.size());
}

RC_GTEST_PROP(jsonpath, never_crashes_on_any_text, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('$', '@', '.', '[', ']', '*', '?', '(', ')', '\'', '"', '\\',
                                                        ',', ':', '-', '1', '0', 'a', '=', '!', '&', '|', '<', ' '));
  if (auto path = jsonpath::parse("$" + text))
    path->select(json{{"a", {1, 2}}});
}

} // namespace
} // namespace troupe
