#include "runtime/agents/text/text_score.hpp"

#include <gtest/gtest.h>

namespace troupe::text {
namespace {

TEST(text_score, rates_plain_language_above_heavy_language) {
  const auto plain = score({{"text", "The cat sat on the mat. It was warm. The sun was out."}}).value();
  const auto heavy =
      score({{"text", "Notwithstanding aforementioned contractual considerations, indemnification obligations "
                      "unquestionably necessitate comprehensive administrative documentation."}})
          .value();
  EXPECT_GT(plain["score"], 0.9);
  EXPECT_LT(heavy["score"], 0.1);
}

TEST(text_score, counts_the_keywords_that_occur) {
  const auto rated =
      score({{"text", "It grants patents licences."}, {"keywords", {"patent licence", "warranty"}}}).value();
  EXPECT_EQ(rated["parts"]["coverage"]["score"], 0.5);
  EXPECT_EQ(rated["parts"]["coverage"]["missing"], json({"warranty"}));
}

TEST(text_score, knows_what_a_reference_supports) {
  const json reference = "The moon circles the earth. It has no air.";
  EXPECT_EQ(score({{"text", "The moon circles earth."}, {"reference", reference}}).value()["parts"]["overlap"]["score"],
            1.0);
  EXPECT_EQ(score({{"text", "Cheese floats far away."}, {"reference", reference}}).value()["parts"]["overlap"]["score"],
            0.0);
}

TEST(text_score, wants_the_length_that_was_asked_for) {
  auto length = [](const char* text) {
    return score({{"text", text}, {"min_words", 4}, {"max_words", 6}})
        .value()["parts"]["length"]["score"]
        .get<double>();
  };
  EXPECT_EQ(length("one two three four"), 1.0);
  EXPECT_EQ(length("one two"), 0.5);
  EXPECT_EQ(length("1 2 3 4 5 6 7 8 9"), 0.5);
  EXPECT_EQ(length("1 2 3 4 5 6 7 8 9 10 11 12 13"), 0.0);
}

TEST(text_score, explains_its_parts_and_rates_nothing_at_nothing) {
  EXPECT_EQ(score({{"text", ""}, {"keywords", {"x"}}}).value()["score"], 0.0);
  EXPECT_EQ(score({{"text", "Go on."}, {"keywords", {"go"}}}).value()["explanation"],
            "readability 100 %, coverage 100 %");
}

} // namespace
} // namespace troupe::text
