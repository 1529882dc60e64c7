#include "runtime/expression/json_schema.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using ::testing::Contains;
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
  EXPECT_THAT(faults, Contains(::testing::AllOf(StartsWith(": "), HasSubstr("goal"))));
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

TEST(json_schema, keeps_long_texts_away_from_patterns) {
  const auto schema = compiled(R"({"type": "string", "pattern": "^(a|b)*$"})");
  EXPECT_THAT(schema.check("abab"), IsEmpty());
  EXPECT_FALSE(schema.check("abc").empty());
  EXPECT_THAT(schema.check(std::string(8192, 'a')), IsEmpty());
  EXPECT_THAT(schema.check(std::string(100'000, 'a')).front(), HasSubstr("8 KiB"));
  const auto named = compiled(R"({"properties": {"pattern": {"type": "string"}}})");
  EXPECT_THAT(named.check({{"pattern", std::string(100'000, 'a')}}), IsEmpty());
}

TEST(json_schema, refuses_a_pattern_that_is_none) {
  const auto schema = json_schema::compile(R"({"pattern": "("})"_json);
  EXPECT_TRUE(!schema || !schema->check("x").empty());
}

} // namespace
} // namespace troupe
