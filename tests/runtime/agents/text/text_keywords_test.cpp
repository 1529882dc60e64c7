#include "runtime/agents/text/text_keywords.hpp"

#include <gtest/gtest.h>

namespace troupe::text {
namespace {

TEST(text_keywords, finds_repeated_phrases_between_stop_words) {
  const auto found =
      keywords({{"text", "A patent license is granted.\nThe patent license of the work, and the patent\nlicenses of "
                         "others. The work is free."}})
          .value()["keywords"];
  ASSERT_GE(found.size(), 2u);
  EXPECT_EQ(found[0]["phrase"], "patent license");
  EXPECT_EQ(found[0]["count"], 3);
  EXPECT_EQ(found[0]["line"], 1);
  EXPECT_EQ(found[1]["phrase"], "work");
}

TEST(text_keywords, takes_single_occurrences_when_nothing_repeats) {
  const auto found = keywords({{"text", "Deep learning of the moon."}, {"limit", 1}}).value()["keywords"];
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0]["phrase"], "deep learning");
}

TEST(text_keywords, finds_nothing_in_nothing) {
  EXPECT_EQ(keywords({{"text", "the of and 12"}}).value()["keywords"], json::array());
}

TEST(text_keywords, keeps_phrases_within_their_length) {
  const auto found = keywords({{"text", "red green blue yellow"}, {"words", 3}}).value()["keywords"];
  EXPECT_EQ(found, json::array());
  EXPECT_EQ(keywords({{"text", "red green blue"}, {"words", 3}}).value()["keywords"][0]["score"], 9.0);
}

} // namespace
} // namespace troupe::text
