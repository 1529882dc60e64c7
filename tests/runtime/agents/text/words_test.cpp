#include "runtime/agents/text/words.hpp"

#include <gtest/gtest.h>

namespace troupe::text {
namespace {

using list = std::vector<std::string>;

TEST(words, are_found_with_their_places) {
  const std::string_view text = "The Licensor's (2nd) well-known café.";
  const auto words = words_of(text);
  ASSERT_EQ(words.size(), 6u);
  EXPECT_EQ(words[1].stem, "licensor");
  EXPECT_EQ(text.substr(words[1].begin, words[1].end - words[1].begin), "Licensor's");
  EXPECT_EQ(words[2].stem, "2nd");
  EXPECT_EQ(words[5].stem, "café");
}

TEST(words, bring_the_forms_of_a_word_together) {
  EXPECT_EQ(stems_of("license licence licenses licensed licensing"), list(5, "licens"));
  EXPECT_EQ(stems_of("grant grants granted granting"), list(4, "grant"));
  EXPECT_EQ(stems_of("modify modifies modified modifying"), list(4, "modify"));
  EXPECT_EQ(stems_of("permit permits permitted permitting"), list(4, "permit"));
  EXPECT_EQ(stems_of("copy copies copied"), list(3, "copy"));
  EXPECT_EQ(stems_of("warranty warranties"), list(2, "warranty"));
}

TEST(words, keep_different_words_apart) {
  EXPECT_NE(stem("patently"), stem("patent"));
  EXPECT_EQ(stem("this"), "this");
  EXPECT_EQ(stem("string"), "string");
  EXPECT_EQ(stem("class"), "class");
}

TEST(words, know_the_words_without_a_topic) {
  EXPECT_TRUE(is_stop_word("the"));
  EXPECT_TRUE(is_stop_word(stem("does")));
  EXPECT_FALSE(is_stop_word("patent"));
}

} // namespace
} // namespace troupe::text
