#include "runtime/agents/json_text.hpp"
#include "tests/support/random_json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

bool accepts(std::string_view text, size_t max_depth = max_payload_depth) {
  return !check_json(text, max_depth);
}

TEST(check_json, accepts_every_kind_of_value) {
  for (auto* text : {"null", "true", "false", "0", "-1.5e+3", "\"a\\u00e9\\n\"", "[]", "{}", " [1, [2], {\"a\": []}] ",
                     "{\"a\": {\"b\": \"é\"}, \"c\": null}", "\"\\ud83d\\ude00\""})
    EXPECT_TRUE(accepts(text)) << text;
}

TEST(check_json, refuses_what_is_no_json) {
  for (auto* text : {"",          " ",   "nul",     "01",        "1.",     "1e",         "-",           "+1",
                     "[1,]",      "[1",  "{\"a\"}", "{\"a\":}",  "{a:1}",  "{\"a\":1,}", "\"a",         "\"\\x\"",
                     "\"\\u12\"", "1 2", "[1}",     "{\"a\":1]", "\"\n\"", "NaN",        "\"\\ud800\"", "]"})
    EXPECT_FALSE(accepts(text)) << text;
}

TEST(check_json, refuses_invalid_utf8_in_strings) {
  for (auto* text : {"\"\xff\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\""})
    EXPECT_FALSE(accepts(text)) << text;
}

TEST(check_json, names_the_byte_of_the_fault) {
  auto fault = check_json("{\"a\": tru}");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->offset, 6u);
}

TEST(check_json, counts_levels_of_nesting) {
  EXPECT_TRUE(accepts("[[[]]]", 3));
  EXPECT_FALSE(accepts("[[[]]]", 2));
  EXPECT_TRUE(accepts("1", 0));
  EXPECT_FALSE(accepts("{}", 0));
}

TEST(check_json, survives_a_million_open_brackets) {
  EXPECT_FALSE(accepts(std::string(1'000'000, '[')));
}

TEST(is_deeper, counts_levels_and_no_brackets_in_strings) {
  for (const auto* text : {"[[[]]]", R"({"a": [{"b": "]]]"}]})", R"(["\"[[[[[", [[], [1]], []])"}) {
    EXPECT_TRUE(is_deeper(json::parse(text), 2)) << text;
    EXPECT_FALSE(is_deeper(json::parse(text), 3)) << text;
  }
  EXPECT_FALSE(is_deeper(json("[["), 0));
}

/// Random texts over the characters that matter to the grammar.
rc::Gen<std::string> json_like_text() {
  return rc::gen::container<std::string>(rc::gen::elementOf(std::string{"[]{}\",:\\u0123eE+-.tfnrualse dD8"}));
}

RC_GTEST_PROP(check_json, agrees_with_the_parser_on_random_text, ()) {
  auto text = *json_like_text();
  RC_ASSERT(accepts(text) == json::accept(text));
  // Long texts are read in another way.
  RC_ASSERT(accepts(std::string(300, ' ') + text) == json::accept(text));
  auto quoted = '"' + std::string(300, 'x') + text + '"';
  RC_ASSERT(accepts(quoted) == json::accept(quoted));
}

TEST(may_be_deeper, rules_out_only_what_surely_is_not) {
  EXPECT_FALSE(may_be_deeper(R"([{"a":1}])", 2));
  EXPECT_TRUE(may_be_deeper(R"([{"a":[]}])", 2));
  // Brackets side by side or in strings count: a closer look finds that they are no levels.
  EXPECT_TRUE(may_be_deeper(R"([[],[]])", 2));
  EXPECT_TRUE(may_be_deeper(R"("{{{")", 2));
  EXPECT_TRUE(may_be_deeper(std::string(61, '[') + std::string(61, ']'), 60));
  EXPECT_FALSE(may_be_deeper("", 0));
}

TEST(check_json, judges_long_texts_like_short_ones) {
  const std::string pad(300, ' ');
  for (const auto* text : {"[1, 2.5, -0, 1e5, true, null]",
                           "\xEF\xBB\xBF{}",
                           R"(["\ud800"])",
                           R"(["\ud83d\ude00"])",
                           "[\"\xED\xA0\x80\"]",
                           "[18446744073709551616]",
                           "[-9223372036854775809]",
                           "[1e999]",
                           "[01]",
                           "[1.]",
                           "[1,]",
                           "{\"a\":1,}",
                           "{} {}",
                           "[\"\t\"]",
                           "[\"\x7F\"]",
                           "tru",
                           "",
                           "[\"\xC0\x80\"]",
                           "nul",
                           "\"",
                           "[1][",
                           "{\"a\":1,\"a\":2}"})
    EXPECT_EQ(accepts(text + pad), accepts(text)) << text;
  for (size_t levels : {31, 32, 33, 59, 60, 61, 63, 64, 65, 66}) {
    auto deep = std::string(levels, '[') + std::string(levels, ']');
    for (size_t bound : {30, 31, 32, 33, 60, 64, 70})
      EXPECT_EQ(accepts(deep + pad, bound), levels <= bound) << levels << " of " << bound;
    auto objects = pad;
    for (size_t i = 0; i < levels; ++i)
      objects += R"({"a":)";
    objects += '1' + std::string(levels, '}');
    EXPECT_EQ(accepts(objects), levels <= 64) << levels;
  }
}

TEST(check_json, refuses_numbers_that_the_parser_cannot_hold) {
  for (const auto* text : {"1e999", "-1e309", "[1, 2E+400]", R"({"a": 1e99999999999999999999})"}) {
    EXPECT_FALSE(accepts(text)) << text;
    EXPECT_FALSE(json::accept(text)) << text;
  }
  auto digits = std::string(400, '9');
  EXPECT_EQ(check_json(digits)->what, "a number is out of range");
  EXPECT_FALSE(json::accept(digits));
  for (const auto* text : {"1e308", "1e-999", "0e999", "179769313486231570000000000000000000000"}) {
    EXPECT_TRUE(accepts(text)) << text;
    EXPECT_TRUE(json::accept(text)) << text;
  }
}

RC_GTEST_PROP(check_json, accepts_whatever_the_printer_prints, ()) {
  auto value = test::awkward_json(4);
  auto text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  RC_ASSERT(accepts(text));
}

TEST(parse_payload, takes_no_text_for_null) {
  EXPECT_EQ(parse_payload(""), json());
}

TEST(parse_payload, refuses_numbers_that_no_double_holds) {
  EXPECT_FALSE(parse_payload("1e999"));
}

TEST(print_payload, refuses_bytes_that_are_no_text) {
  EXPECT_FALSE(print_payload(json("\xff")));
  EXPECT_EQ(print_payload(json{{"a", 1}}), "{\"a\":1}");
}

TEST(print_payload, refuses_deep_values) {
  json deep;
  for (int i = 0; i < 65; ++i)
    deep = json::array({std::move(deep)});
  EXPECT_FALSE(print_payload(deep));
}

TEST(clean_text, keeps_text_and_replaces_the_rest) {
  EXPECT_EQ(clean_text("é", 10), "é");
  EXPECT_EQ(clean_text("a\xff", 10), "a\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("aé", 2), "a…");
}

} // namespace
} // namespace troupe
