#include "runtime/expression/i_regexp.hpp"

#include <gtest/gtest.h>

#include <string>

namespace troupe {
namespace {

bool matches(const char* pattern, const std::string& text) {
  return i_regexp::compile(pattern).value().match(text);
}

bool finds(const char* pattern, const std::string& text) {
  return i_regexp::compile(pattern).value().search(text);
}

std::string regexp_fault(const std::string& pattern) {
  auto compiled = i_regexp::compile(pattern);
  return compiled ? "" : compiled.error().message;
}

TEST(i_regexp, matches_the_whole_text_and_searches_for_a_part) {
  EXPECT_TRUE(matches("a.c", "abc"));
  EXPECT_FALSE(matches("a.c", "xabc"));
  EXPECT_TRUE(finds("a.c", "xabcx"));
  EXPECT_FALSE(finds("a.c", "xab"));
  EXPECT_TRUE(matches("", ""));
  EXPECT_TRUE(finds("", "x"));
}

TEST(i_regexp, takes_alternatives_groups_and_repetitions) {
  EXPECT_TRUE(matches("(ab|cd)+", "abcdab"));
  EXPECT_FALSE(matches("(ab|cd)+", "abc"));
  EXPECT_TRUE(matches("a|b|cc", "cc"));
  EXPECT_TRUE(matches("a{2,3}", "aaa"));
  EXPECT_FALSE(matches("a{2,3}", "a"));
  EXPECT_FALSE(matches("a{2,3}", "aaaa"));
  EXPECT_TRUE(matches("a{2,}", "aaaaa"));
  EXPECT_TRUE(matches("(a{2}b?){2}", "aabaa"));
  EXPECT_TRUE(matches("x{0}y", "y"));
  EXPECT_TRUE(matches("(|a)+b", "aab"));
}

TEST(i_regexp, takes_classes) {
  EXPECT_TRUE(matches("[a-cx]+", "abcx"));
  EXPECT_FALSE(matches("[^a-c]", "b"));
  EXPECT_TRUE(matches("[\\p{Lu}_-]+", "AÄ_-"));
  EXPECT_TRUE(matches("\\p{L}\\P{L}", "ж1"));
  EXPECT_TRUE(matches("\\d+\\s\\w", "42 x"));
  EXPECT_FALSE(matches("\\S", " "));
}

TEST(i_regexp, names_the_column_of_a_fault) {
  EXPECT_EQ(regexp_fault("a("), "column 3: expected ')'");
  EXPECT_EQ(regexp_fault("a)"), "column 2: ')' closes nothing");
  EXPECT_EQ(regexp_fault("*a"), "column 1: nothing to repeat here");
  EXPECT_EQ(regexp_fault("[b-a]"), "column 5: the range is upside down");
  EXPECT_EQ(regexp_fault("\\p{Xx}"), "column 3: unknown category");
  EXPECT_EQ(regexp_fault("a{3,2}"), "column 6: the repetition is upside down");
}

TEST(i_regexp, refuses_patterns_that_grow_too_large) {
  EXPECT_NE(regexp_fault("((a{100}){100}){100}"), "");
  EXPECT_NE(regexp_fault(std::string(2000, 'a')), "");
  EXPECT_NE(regexp_fault(std::string(200, '(') + std::string(200, ')')), "");
}

TEST(i_regexp, takes_the_common_part_of_ecma_262) {
  auto finds_ecma = [](const char* pattern, const std::string& text) {
    return i_regexp::compile(pattern, i_regexp::dialect::ecma).value().search(text);
  };
  EXPECT_TRUE(finds_ecma("^(?:ab)+?$", "abab"));
  EXPECT_TRUE(finds_ecma("\\u00e9\\x41", "éA"));
  EXPECT_TRUE(finds_ecma("^\\uD83D\\uDE00$", "\U0001F600"));
  EXPECT_TRUE(finds_ecma("^{a}$", "{a}"));
  EXPECT_TRUE(finds_ecma("a{2}", "aa"));
  EXPECT_TRUE(finds_ecma("^[[\\d-x]+$", "[1-x"));
  EXPECT_TRUE(finds_ecma("\\Bb", "ab"));
  EXPECT_FALSE(finds_ecma("\\Bb", "b"));
  EXPECT_FALSE(finds_ecma("^.$", "\u2028"));
  for (const auto* pattern : {"(?=a)", "(?<n>a)", "\\1", "\\q", "a{3,2}", "*", "\\u12"})
    EXPECT_FALSE(i_regexp::compile(pattern, i_regexp::dialect::ecma).has_value()) << pattern;
}

TEST(i_regexp, stays_linear_where_backtracking_explodes) {
  const std::string text(5000, 'a');
  EXPECT_FALSE(matches("(a*)*b", text));
  EXPECT_FALSE(matches("(a|aa)+b", text));
  EXPECT_FALSE(finds("(a|a?)+b", text));
}

} // namespace
} // namespace troupe
