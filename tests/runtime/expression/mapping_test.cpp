#include "runtime/expression/mapping.hpp"
#include "tests/runtime/expression/json_generators.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

const json mapping_document = R"({"input": {"goal": "g", "list": [1, 2]}, "steps": {"a": {"x": 7}}})"_json;

result<json> evaluate(const json& value, std::string_view rebase = {}) {
  auto compiled = mapping::compile(value, rebase);
  if (!compiled)
    return tl::unexpected{compiled.error()};
  return compiled->evaluate(json_scope{mapping_document});
}

TEST(mapping, puts_the_values_of_queries_in_place) {
  EXPECT_EQ(evaluate({{"goal", "$.input.goal"}, {"deep", {{"x", json::array({"$.steps.a.x", 1, "text"})}}}}).value(),
            (json{{"goal", "g"}, {"deep", {{"x", json::array({7, 1, "text"})}}}}));
  EXPECT_EQ(evaluate("$.input.list[*]").value(), json({1, 2}));
  EXPECT_EQ(evaluate("$").value(), mapping_document);
}

TEST(mapping, hands_on_what_the_scope_holds_as_text) {
  struct text_scope final : scope {
    const json* member(std::string_view) const override {
      return nullptr;
    }
    const json* step(std::string_view) const override {
      return nullptr;
    }
    const json* step_result(std::string_view) const override {
      return nullptr;
    }
    const lazy_json* whole(const std::vector<std::string>& names) const override {
      return names == std::vector<std::string>{"steps", "a b"} ? &text : nullptr;
    }
    lazy_json text{std::string{"{\"as\": \"it is\"}"}};
  } in;
  EXPECT_EQ(mapping::compile("$.steps['a b']")->evaluate_lazily(in)->text(), "{\"as\": \"it is\"}");
  EXPECT_FALSE(mapping::compile("$.steps['a b'].as")->evaluate_lazily(in));
  EXPECT_FALSE(mapping::compile("$.steps.*")->evaluate_lazily(in)->value().size());
  EXPECT_EQ(mapping::compile({{"x", "$.steps.a.x"}})->evaluate_lazily(json_scope{mapping_document})->value(),
            (json{{"x", 7}}));
}

TEST(mapping, takes_two_dollars_for_a_literal_one) {
  EXPECT_EQ(evaluate({"$$.input", "$$", "$$$x"}).value(), json({"$.input", "$", "$$x"}));
  EXPECT_EQ(mapping::compile("$$.x").value().source(), "$$.x");
}

TEST(mapping, leaves_other_dollars_alone) {
  EXPECT_EQ(evaluate({"$5", "a $.b", "${x}"}).value(), json({"$5", "a $.b", "${x}"}));
}

TEST(mapping, tells_what_it_reads) {
  const auto reads = mapping::compile({{"a", "$.steps.a.x"}, {"b", json::array({"$.input.goal"})}}).value().reads();
  EXPECT_EQ(reads.steps, std::set<std::string>{"a"});
  EXPECT_EQ(reads.members, std::set<std::string>{"input"});
}

TEST(mapping, moves_its_queries_to_another_base) {
  EXPECT_EQ(evaluate({{"x", "$.goal"}}, "input").value(), (json{{"x", "g"}}));
}

TEST(mapping, names_the_place_of_a_fault) {
  EXPECT_EQ(mapping::compile({{"a", json::array({1, "$.x["})}}).error().message,
            "/a/1: $.x[: column 5: expected a quoted name, an index, a slice, '*' or '?'; the query ends here");
  EXPECT_EQ(evaluate({{"a/b", "$.input.x"}}).error().message, "/a~1b: $.input.x: $.input has no .x; it has goal, list");
}

TEST(mapping, refuses_values_that_are_too_deep) {
  json deep = 1;
  for (int i = 0; i < 100; ++i)
    deep = json::array({deep});
  EXPECT_FALSE(mapping::compile(deep).has_value());
}

RC_GTEST_PROP(mapping, is_the_identity_without_dollars, (const json& value)) {
  RC_PRE(value.dump().find('$') == std::string::npos);
  RC_ASSERT(mapping::compile(value).value().evaluate(json_scope{mapping_document}).value() == value);
}

} // namespace
} // namespace troupe
