#include "runtime/agents/llm/structured_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(structured_output, finds_the_json_in_what_models_say) {
  json expected{{"a", 1}};
  for (auto* text : {R"({"a":1})", "  {\"a\": 1}\n", "```json\n{\"a\":1}\n```", "```\n{\"a\":1}\n```",
                     "Here you are:\n```json\n{\"a\":1}\n```\nAnything else?", "```json\n{\"a\":1}",
                     "The answer is {\"a\":1}.", "<think>hm</think>\n{\"a\":1}"}) {
    auto value = extract_json(text);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(*value, expected) << text;
  }
}

TEST(structured_output, takes_any_json_value) {
  EXPECT_EQ(extract_json("[1, 2]").value(), json::array({1, 2}));
  EXPECT_EQ(extract_json("list: [1, 2]").value(), json::array({1, 2}));
  EXPECT_EQ(extract_json("\"text\"").value(), json("text"));
  EXPECT_EQ(extract_json("7").value(), json(7));
}

TEST(structured_output, does_not_cut_fences_within_strings) {
  EXPECT_EQ(extract_json(R"({"code":"```x```"})").value(), (json{{"code", "```x```"}}));
}

TEST(structured_output, says_what_is_missing) {
  EXPECT_THAT(extract_json("").error().message, HasSubstr("empty"));
  EXPECT_THAT(extract_json("  \n").error().message, HasSubstr("empty"));
  for (auto* text : {"I cannot do that.", "{broken", "```json\nnothing\n```", "] [", "{\"a\":1} {\"b\":2}"}) {
    auto value = extract_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, v1::ERROR_CODE_INVALID_OUTPUT);
    EXPECT_THAT(value.error().message, HasSubstr("not JSON"));
  }
}

TEST(structured_output, survives_depth) {
  EXPECT_FALSE(extract_json(std::string(100'000, '[') + std::string(100'000, ']')));
}

TEST(structured_output, lists_the_faults_under_a_schema) {
  auto schema = json_schema::compile(
      {{"type", "object"}, {"required", {"score"}}, {"properties", {{"score", {{"type", "number"}}}}}});
  ASSERT_TRUE(schema);
  EXPECT_THAT(check_output(R"({"score":1})", *schema).faults, IsEmpty());
  EXPECT_EQ(check_output(R"({"score":1})", *schema).value, (json{{"score", 1}}));
  EXPECT_FALSE(check_output(R"({"score":"high"})", *schema).faults.empty());
  EXPECT_FALSE(check_output("{}", *schema).faults.empty());
  EXPECT_THAT(check_output("no", *schema).faults.at(0), HasSubstr("not JSON"));
}

} // namespace
} // namespace troupe
