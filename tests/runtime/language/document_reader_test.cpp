#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::StartsWith;

json parse(const std::string& text) {
  auto parsed = parse_document({"doc", text});
  EXPECT_THAT(messages(parsed), testing::IsEmpty());
  return parsed ? *parsed : json{};
}

TEST(yaml, leaves_yes_and_no_as_text) {
  EXPECT_EQ(parse("- yes\n- no\n- on\n- Off\n- y\n"), json({"yes", "no", "on", "Off", "y"}));
}

TEST(yaml, keeps_quoted_scalars_as_text) {
  EXPECT_EQ(parse("a: \"1\"\nb: 'true'\nc: \"null\"\nd: |\n  12\n"),
            json({{"a", "1"}, {"b", "true"}, {"c", "null"}, {"d", "12\n"}}));
}

TEST(yaml, reads_null_in_all_its_forms) {
  EXPECT_EQ(parse("a: ~\nb: null\nc:\nd: NULL\n"),
            json({{"a", nullptr}, {"b", nullptr}, {"c", nullptr}, {"d", nullptr}}));
}

TEST(yaml, resolves_aliases) {
  EXPECT_EQ(parse("a: &x {b: [1, 2]}\nc: *x\nd: &y text\ne: *y\n"),
            R"({"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": "text", "e": "text"})"_json);
}

TEST(yaml, takes_numbers_as_keys_for_text) {
  EXPECT_EQ(parse("1: x\ntrue: y\n"), json({{"1", "x"}, {"true", "y"}}));
}

TEST(yaml, keeps_the_escapes_of_double_quotes) {
  EXPECT_EQ(parse("a: \"\\u00e4\\t\\\"\"\n"), json({{"a", "ä\t\""}}));
}

TEST(json_text, is_told_by_its_first_character) {
  EXPECT_EQ(parse(" \n {\"a\": [1, 2.5, -3, true, null, \"\\u00e4\"]}"),
            R"({"a": [1, 2.5, -3, true, null, "ä"]})"_json);
}

TEST(json_text, may_begin_with_a_byte_order_mark) {
  EXPECT_EQ(parse("\xEF\xBB\xBF{\"a\": 1}"), json({{"a", 1}}));
  EXPECT_EQ(parse("\xEF\xBB\xBF"
                  "a: 1\n"),
            json({{"a", 1}}));
}

TEST(json_text, points_at_a_syntax_fault) {
  EXPECT_THAT(syntax_faults_of("{\n  \"a\": [1, 2,\n  }\n"), ElementsAre(StartsWith("doc:3:3: a[2]: not valid JSON:")));
  EXPECT_THAT(syntax_faults_of("{\"a\": 1} x"), ElementsAre(StartsWith("doc:1:10: not valid JSON:")));
  EXPECT_THAT(syntax_faults_of("{\"a\": "), ElementsAre(StartsWith("doc:1:7: a: not valid JSON:")));
}

TEST(json_text, names_a_key_that_is_there_twice) {
  EXPECT_THAT(syntax_faults_of("{\"a\": {\"b\\\"\": 1,\n  \"b\\\"\": 2}}"),
              ElementsAre("doc:2:3: a.b\": the key \"b\"\" is here for the second time (first in line 1); remove or "
                          "rename one of the two"));
}

TEST(json_text, refuses_numbers_that_are_not_finite) {
  EXPECT_THAT(syntax_faults_of("{\"a\": 1e999}"), ElementsAre(StartsWith("doc:1:")));
}

TEST(yaml, points_at_a_syntax_fault) {
  EXPECT_THAT(syntax_faults_of("a:\n  - 1\n b: 2\n"), ElementsAre(StartsWith("doc:3:2: not valid YAML:")));
  EXPECT_THAT(syntax_faults_of("a: [1, 2\n"), ElementsAre(StartsWith("doc:")));
}

TEST(yaml, names_a_key_that_is_there_twice) {
  EXPECT_THAT(syntax_faults_of("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n"),
              ElementsAre("doc:5:3: b.c: the key \"c\" is here for the second time (first in line 3); remove or rename "
                          "one of the two"));
}

TEST(yaml, refuses_merge_keys) {
  EXPECT_THAT(syntax_faults_of("a: &x {b: 1}\nc:\n  <<: *x\n"),
              ElementsAre(StartsWith("doc:3:3: c: merge keys (<<) are not part of YAML 1.2")));
}

TEST(yaml, reads_a_quoted_double_arrow_as_any_other_key) {
  EXPECT_EQ(parse("\"<<\": 1\n"), json({{"<<", 1}}));
}

TEST(yaml, refuses_numbers_that_are_not_finite) {
  EXPECT_THAT(syntax_faults_of("a: .inf\n"), ElementsAre(StartsWith("doc:1:4: a: \".inf\" is not a finite number")));
  EXPECT_THAT(syntax_faults_of("a: [.NaN]\n"), ElementsAre(StartsWith("doc:1:5: a[0]: \".NaN\" is not a finite")));
  EXPECT_THAT(syntax_faults_of("a: 1e400\n"), ElementsAre(StartsWith("doc:1:4: a: \"1e400\" is not a finite")));
}

TEST(yaml, refuses_a_second_document) {
  EXPECT_THAT(syntax_faults_of("a: 1\n---\nb: 2\n"), ElementsAre(StartsWith("doc:2:1: a second YAML document")));
  EXPECT_EQ(parse("---\na: 1\n...\n"), json({{"a", 1}}));
}

TEST(yaml, refuses_tags) {
  EXPECT_THAT(syntax_faults_of("a: !!binary aGk=\n"), ElementsAre(StartsWith("doc:1:4: a: the tag")));
  EXPECT_THAT(syntax_faults_of("a: !mine [1]\n"), ElementsAre(StartsWith("doc:1:4: a: the tag")));
}

TEST(yaml, refuses_keys_that_are_no_text) {
  EXPECT_THAT(syntax_faults_of("? [a]\n: 1\n"), ElementsAre(StartsWith("doc:1:3: a list or an object as a key")));
  EXPECT_THAT(syntax_faults_of("a: {~: 1}\n"), ElementsAre(StartsWith("doc:1:5: a: the key \"\" is not text")));
  EXPECT_THAT(syntax_faults_of("a: &x b\n*x : 1\n"), ElementsAre(StartsWith("doc:2:1: an alias as a key")));
}

TEST(yaml, refuses_an_alias_inside_of_its_anchor) {
  EXPECT_THAT(syntax_faults_of("a: &x [1, *x]\n"),
              ElementsAre(StartsWith("doc:1:11: a[1]: an alias inside of its own anchor")));
}

TEST(text, must_be_utf_8) {
  EXPECT_THAT(syntax_faults_of("a: 1\nb: \xC3\x28\n"),
              ElementsAre(StartsWith("doc:2:4: a byte that is not valid UTF-8")));
  EXPECT_THAT(syntax_faults_of("{\"a\": \"\xED\xA0\x80\"}"), ElementsAre(StartsWith("doc:1:8: a byte that is not")));
}

TEST(text, has_no_control_characters) {
  EXPECT_THAT(syntax_faults_of(std::string{"a: b\0c\n", 7}), ElementsAre(StartsWith("doc:1:5: a control character")));
}

TEST(text, counts_columns_in_characters_and_not_in_bytes) {
  EXPECT_THAT(syntax_faults_of("äöü: 1\n\"日本\": {x: .inf}\n"), ElementsAre(StartsWith("doc:2:11: 日本.x: ")));
}

TEST(text, must_not_be_empty) {
  EXPECT_THAT(syntax_faults_of(""), ElementsAre("doc: the document is empty"));
  EXPECT_THAT(syntax_faults_of(" \n\n"), ElementsAre("doc: the document is empty"));
  EXPECT_THAT(syntax_faults_of("# only a comment\n"), ElementsAre("doc: the document is empty"));
}

} // namespace
} // namespace troupe
