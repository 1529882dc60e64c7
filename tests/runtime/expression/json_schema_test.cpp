#include "runtime/expression/json_schema.hpp"

#include <gmock/gmock.h>

#include <numeric>

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

json_schema compiled(const char* text) {
  return json_schema::compile(json::parse(text)).value();
}

std::string refusal(const char* text) {
  auto schema = json_schema::compile(json::parse(text));
  return schema ? "" : schema.error().message;
}

TEST(json_schema, accepts_what_matches) {
  const auto schema =
      compiled(R"({"type": "object", "required": ["goal"], "properties": {"goal": {"type": "string"}}})");
  EXPECT_THAT(schema.check({{"goal", "x"}}), IsEmpty());
  EXPECT_EQ(schema.document()["type"], "object");
}

TEST(json_schema, names_the_place_of_each_fault) {
  const auto schema = compiled(R"({"type": "object", "required": ["goal"],
    "properties": {"n": {"type": "integer"}, "list": {"items": {"type": "string"}}}})");
  const auto faults = schema.check({{"n", "x"}, {"list", {"a", 1}}});
  EXPECT_THAT(faults, Contains(StartsWith("/n: ")));
  EXPECT_THAT(faults, Contains(StartsWith("/list/1: ")));
  EXPECT_THAT(faults, Contains(AllOf(StartsWith(": "), HasSubstr("goal"))));
}

TEST(json_schema, reports_at_most_twenty_faults) {
  const auto schema = compiled(R"({"items": {"type": "string"}})");
  EXPECT_EQ(schema.check(json(std::vector<int>(100))).size(), 20u);
}

TEST(json_schema, follows_references_inside_the_schema_only) {
  const auto schema = compiled(
      R"({"definitions": {"p q": {"type": "integer"}}, "properties": {"n": {"$ref": "#/definitions/p%20q"}}})");
  EXPECT_THAT(schema.check({{"n", 1}}), IsEmpty());
  EXPECT_FALSE(schema.check({{"n", "x"}}).empty());
  EXPECT_THAT(refusal(R"({"$ref": "http://example.com/x"})"), HasSubstr("/$ref: nothing is found"));
  EXPECT_THAT(refusal(R"({"properties": {"n": {"$ref": "#/definitions/x"}}})"), StartsWith("/properties/n/$ref"));
}

TEST(json_schema, takes_recursive_schemas_but_no_endless_ones) {
  const auto tree =
      compiled(R"({"type": "object", "properties": {"child": {"$ref": "#"}}, "additionalProperties": false})");
  EXPECT_THAT(tree.check(R"({"child": {"child": {}}})"_json), IsEmpty());
  EXPECT_FALSE(tree.check(R"({"child": {"x": {}}})"_json).empty());
  EXPECT_THAT(refusal(R"({"$ref": "#"})"), HasSubstr("without end"));
  EXPECT_THAT(refusal(R"({"allOf": [{"$ref": "#"}]})"), HasSubstr("without end"));
  EXPECT_THAT(
      refusal(R"({"definitions": {"a": {"not": {"$ref": "#/definitions/b"}}, "b": {"$ref": "#/definitions/a"}}})"),
      HasSubstr("without end"));
}

TEST(json_schema, refuses_what_is_no_schema) {
  EXPECT_THAT(refusal("[]"), HasSubstr("is an object"));
  EXPECT_THAT(refusal(R"({"type": 5})"), HasSubstr("not a JSON Schema"));
  EXPECT_THAT(refusal(R"({"required": "goal"})"), HasSubstr("not a JSON Schema"));
}

TEST(json_schema, takes_the_boolean_schemas) {
  EXPECT_THAT(json_schema::compile(true).value().check(1), IsEmpty());
  EXPECT_FALSE(json_schema::compile(false).value().check(1).empty());
}

TEST(json_schema, matches_patterns_in_linear_time) {
  const auto schema = compiled(R"({"type": "string", "pattern": "^(a|b)*$"})");
  EXPECT_THAT(schema.check("abab"), IsEmpty());
  EXPECT_THAT(schema.check("abc"), ElementsAre(": The text does not match the pattern ^(a|b)*$"));
  EXPECT_THAT(schema.check(std::string(1'000'000, 'a')), IsEmpty());
  const auto hostile = compiled(R"({"pattern": "^(a+)+$"})");
  EXPECT_FALSE(hostile.check(std::string(50'000, 'a') + "b").empty());
  EXPECT_THAT(compiled(R"({"pattern": "^[\\w.-]+@(?:\\w+\\.)+?\\w{2,}$"})").check("a.b@example.org"), IsEmpty());
  EXPECT_THAT(compiled(R"({"pattern": "\\bword\\b"})").check("a word here"), IsEmpty());
  EXPECT_FALSE(compiled(R"({"pattern": "\\bword\\b"})").check("swords").empty());
  EXPECT_THAT(compiled(R"({"pattern": "x"})").check(5), IsEmpty());
}

TEST(json_schema, matches_names_of_members_by_patterns) {
  const auto schema = compiled(R"({"patternProperties": {"^x-": {"type": "integer"}}, "additionalProperties": false})");
  EXPECT_THAT(schema.check({{"x-a", 1}}), IsEmpty());
  EXPECT_THAT(schema.check({{"x-a", "1"}}), Contains(StartsWith("/x-a: ")));
  EXPECT_FALSE(schema.check({{"y", 1}}).empty());
  EXPECT_FALSE(schema.check({{std::string(100'000, 'x'), 1}}).empty());
  const auto names = compiled(R"({"propertyNames": {"pattern": "^[a-z]+$"}})");
  EXPECT_THAT(names.check({{"abc", 1}}), IsEmpty());
  EXPECT_FALSE(names.check({{"A", 1}}).empty());
}

TEST(json_schema, refuses_patterns_that_it_cannot_run) {
  EXPECT_THAT(refusal(R"j({"properties": {"a": {"pattern": "(?=x)"}}})j"),
              AllOf(StartsWith("/properties/a/pattern: "), HasSubstr("lookaround")));
  EXPECT_THAT(refusal(R"({"pattern": "("})"), HasSubstr("expected ')'"));
  EXPECT_THAT(refusal(R"({"pattern": "(a)\\1"})"), HasSubstr("back references"));
  EXPECT_THAT(refusal(R"({"patternProperties": {"[": {}}})"), StartsWith("/patternProperties: "));
  EXPECT_EQ(refusal(R"({"properties": {"pattern": {"type": "string"}}})"), "");
}

TEST(json_schema, checks_formats_of_texts_only) {
  const auto date = compiled(R"({"format": "date"})");
  EXPECT_THAT(date.check("2024-02-29"), IsEmpty());
  EXPECT_FALSE(date.check("2024-13-01").empty());
  EXPECT_THAT(date.check(7), IsEmpty());
  EXPECT_THAT(compiled(R"({"format": "date-time"})").check("2024-02-29T10:00:00.5+02:00"), IsEmpty());
  EXPECT_THAT(compiled(R"({"format": "something"})").check("x"), IsEmpty());
}

TEST(json_schema, finds_equal_items_quickly) {
  const auto schema = compiled(R"({"uniqueItems": true})");
  EXPECT_THAT(schema.check(R"([1, "1", [1], {"a": 1}, null, true])"_json), IsEmpty());
  EXPECT_EQ(schema.check(R"([{"a": [1]}, 2, {"a": [1.0]}])"_json).size(), 1u);
  EXPECT_EQ(schema.check(json(std::vector<int>(100'000))).size(), 1u);
  std::vector<int> different(100'000);
  std::iota(different.begin(), different.end(), 0);
  EXPECT_THAT(schema.check(different), IsEmpty());
}

} // namespace
} // namespace troupe
