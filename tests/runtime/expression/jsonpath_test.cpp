#include "runtime/expression/jsonpath.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

const json document = R"({
  "input": {"goal": "compare", "limit": 3, "tags": ["a", "b"]},
  "item": null,
  "steps": {"plan": {"parts": [{"n": 1}, {"n": 2}]}, "skipped": null, "odd name": 7},
  "results": {"plan": {"status": "success", "quality": 0.5}}
})"_json;

result<json> evaluate(std::string_view text) {
  const json_scope scope{document};
  return jsonpath::parse(text).value().evaluate(scope);
}

std::string fault(std::string_view text) {
  auto value = evaluate(text);
  return value ? "" : value.error().message;
}

std::string syntax_fault(std::string_view text) {
  auto path = jsonpath::parse(text);
  return path ? "" : path.error().message;
}

references reads(std::string_view text) {
  return jsonpath::parse(text).value().reads();
}

using ids = std::set<std::string>;

TEST(jsonpath, yields_the_value_of_a_singular_query) {
  EXPECT_EQ(evaluate("$.input.goal").value(), "compare");
  EXPECT_EQ(evaluate("$.steps.plan.parts[-1].n").value(), 2);
  EXPECT_EQ(evaluate("$.steps['odd name']").value(), 7);
  EXPECT_EQ(evaluate("$.results.plan.quality").value(), 0.5);
  EXPECT_EQ(evaluate("$").value(), document);
  EXPECT_EQ(evaluate("$.steps").value(), document["steps"]);
}

TEST(jsonpath, yields_an_array_for_any_other_query) {
  EXPECT_EQ(evaluate("$.steps.plan.parts[*].n").value(), json({1, 2}));
  EXPECT_EQ(evaluate("$.input.missing[*]").value(), json::array());
  EXPECT_EQ(evaluate("$..n").value(), json({1, 2}));
  EXPECT_EQ(evaluate("$.steps[*].parts[0]").value(), json::array({{{"n", 1}}}));
  EXPECT_EQ(evaluate("$.steps.plan.parts[?@.n < $.input.limit].n").value(), json({1, 2}));
}

TEST(jsonpath, says_what_is_there_when_a_member_is_missing) {
  EXPECT_EQ(fault("$.input.gaol"), "$.input.gaol: $.input has no .gaol; it has goal, limit, tags");
  EXPECT_EQ(fault("$.input.tags[2].x"), "$.input.tags[2].x: $.input.tags has no [2]; it is an array of 2");
  EXPECT_EQ(fault("$.input.limit.x"), "$.input.limit.x: $.input.limit has no .x; it is a number");
  EXPECT_EQ(fault("$.nothing.x"), "$.nothing.x: there is no $.nothing here");
  EXPECT_EQ(fault("$.steps.later.x"), "$.steps.later.x: there is no $.steps.later that has ended before");
  EXPECT_EQ(evaluate("$.input.x").error().code, v1::ERROR_CODE_EXPRESSION);
}

TEST(jsonpath, yields_null_below_a_skipped_step) {
  EXPECT_EQ(evaluate("$.steps.skipped.a.b[3]").value(), nullptr);
  EXPECT_EQ(evaluate("$.item.name").value(), nullptr);
}

TEST(jsonpath, asks_a_scope_only_for_what_a_query_names) {
  struct narrow_scope : scope {
    json goal = "x";
    const json* member(std::string_view name) const override {
      EXPECT_EQ(name, "goal");
      return &goal;
    }
    const json* step(std::string_view) const override {
      ADD_FAILURE();
      return nullptr;
    }
    const json* step_result(std::string_view) const override {
      ADD_FAILURE();
      return nullptr;
    }
  };
  const narrow_scope scope;
  EXPECT_EQ(jsonpath::parse("$.goal").value().evaluate(scope).value(), "x");
  EXPECT_EQ(jsonpath::parse("$.goal[*]").value().evaluate(scope).value(), json::array());
  // It cannot show the whole document, so nothing is found there.
  EXPECT_EQ(jsonpath::parse("$..goal").value().evaluate(scope).value(), json::array());
  EXPECT_FALSE(jsonpath::parse("$").value().evaluate(scope).has_value());
}

TEST(jsonpath, tells_what_it_reads) {
  EXPECT_EQ(reads("$.steps.plan.x").steps, ids{"plan"});
  EXPECT_EQ(reads("$.results['odd name'].status").steps, ids{"odd name"});
  EXPECT_EQ(reads("$.steps['a','b'].x").steps, (ids{"a", "b"}));
  EXPECT_FALSE(reads("$.steps.plan.x").all_steps);
  EXPECT_TRUE(reads("$.steps[*]").all_steps);
  EXPECT_TRUE(reads("$.steps").all_steps);
  EXPECT_TRUE(reads("$..x").all_steps);
  EXPECT_TRUE(reads("$").all_steps);
  EXPECT_EQ(reads("$['input','item']").members, (ids{"input", "item"}));
  EXPECT_EQ(reads("$.input[?@.x == $.steps.a.y || length($.item) > 1]").steps, ids{"a"});
  EXPECT_EQ(reads("$.input[?@.x == $.steps.a.y || length($.item) > 1]").members, (ids{"input", "item"}));
}

TEST(jsonpath, moves_to_another_base) {
  const auto path = jsonpath::parse("$.a[?@.b == $.c]..d").value().rebased("input");
  EXPECT_EQ(path.text(), "$.input.a[?@.b == $.input.c]..d");
  EXPECT_EQ(path.reads().members, ids{"input"});
  EXPECT_EQ(jsonpath::parse("$").value().rebased("input").text(), "$.input");
  EXPECT_EQ(jsonpath::parse("$[0]").value().rebased("odd \"name\"").text(), "$[\"odd \\\"name\\\"\"][0]");
}

TEST(jsonpath, names_column_and_expectation_of_a_fault) {
  EXPECT_EQ(syntax_fault("input.x"), "column 1: expected '$', with which every query begins; found 'i'");
  EXPECT_EQ(syntax_fault("$.a[0"), "column 6: expected ',' or ']'; the query ends here");
  EXPECT_EQ(syntax_fault("$.é["),
            "column 5: expected a quoted name, an index, a slice, '*' or '?'; the query ends here");
  EXPECT_EQ(syntax_fault("$['a"), "column 3: the quote is never closed; found '''");
  EXPECT_EQ(syntax_fault("$.a b"), "column 4: expected '.', '..' or '['; found ' '");
  EXPECT_EQ(syntax_fault("$[?size(@)]"),
            "column 4: no such function; there are length, count, match, search and value; found 's'");
  EXPECT_EQ(syntax_fault("$[?@[*] == 1]"),
            "column 4: only a query of names and indices can be compared; this one may select many values; found '@'");
  EXPECT_EQ(jsonpath::parse("x").error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(jsonpath, refuses_texts_that_are_too_long_too_deep_or_no_text) {
  EXPECT_EQ(syntax_fault("$" + std::string(5000, ' ')), "the query is longer than 4096 bytes");
  std::string deep = "@.a";
  for (int i = 0; i < 100; ++i)
    deep = "(" + deep + ")";
  EXPECT_NE(syntax_fault("$[?" + deep + "]").find("nested deeper than 64"), std::string::npos);
  std::string filters = "@.a";
  for (int i = 0; i < 100; ++i)
    filters = "@[?" + filters + "]";
  EXPECT_NE(syntax_fault("$[?" + filters + "]").find("nested deeper than 64"), std::string::npos);
  EXPECT_EQ(syntax_fault("$.\xFF"), "the query is no UTF-8 text");
}

TEST(jsonpath, comes_to_an_end_when_a_query_multiplies_its_nodes) {
  json wide = json::array();
  for (int i = 0; i < 100; ++i)
    wide.push_back(json::array({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  const auto path = jsonpath::parse("$[*,*,*,*,*,*,*,*][*,*,*,*,*,*,*,*]..[*,*]").value();
  std::string text = "$";
  for (int i = 0; i < 20; ++i)
    text += "..[*,*,*,*,*,*,*,*]";
  EXPECT_TRUE(path.select(wide).has_value());
  json deep = 1;
  for (int i = 0; i < 30; ++i)
    deep = json::array({deep});
  auto found = jsonpath::parse(text).value().select(deep);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(jsonpath, comes_to_an_end_when_each_element_compares_or_searches_everything) {
  json large = json::array();
  for (int i = 0; i < 20'000; ++i)
    large.push_back(i);
  const std::string text(20'000, 'a');
  const json root = {{"a", large}, {"b", large}, {"text", text}, {"same", text}};
  for (auto query : {"$.a[?$.a == $.b]", "$.a[?$.text == $.same]", "$.a[?search($.text, '(a|aa)*b')]"}) {
    auto found = jsonpath::parse(query).value().select(root);
    ASSERT_FALSE(found) << query;
    EXPECT_EQ(found.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  }
  EXPECT_EQ(jsonpath::parse("$.a[?$.a == $.a && @ < 2]").value().select(root).value().size(), 2u);
}

TEST(jsonpath, compares_integers_exactly) {
  const auto values = R"([9007199254740993, 9007199254740992, 18446744073709551615, -1])"_json;
  auto count = [&](const char* text) { return jsonpath::parse(text).value().select(values).value().size(); };
  EXPECT_EQ(count("$[?@ == 9007199254740993]"), 1u);
  EXPECT_EQ(count("$[?@ < 0]"), 1u);
  EXPECT_EQ(count("$[?@ > 9007199254740993]"), 1u);
}

} // namespace
} // namespace troupe
