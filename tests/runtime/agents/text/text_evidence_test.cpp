#include "runtime/agents/text/text_evidence.hpp"
#include "runtime/agents/text/text_tools.hpp"
#include "tests/runtime/agents/text/licence_folder.hpp"

#include <gtest/gtest.h>

namespace troupe::text {
namespace {

const std::string grants =
    "1. Licence.\n\nEach author hereby grants you a free\npatent licence for the work.\n\nNothing else.";
const std::string denies = "The author does not grant any patent licence.";
const std::string mentions = "Software patents are a danger to everyone.";
const std::string silent = "You may copy this text.";

json ask(const std::string& text, const char* method) {
  return evidence({{"text", text},
                   {"claim", "grants a patent licence"},
                   {"about", "patent"},
                   {"supports", R"([["grant", "patent licence"]])"_json},
                   {"method", method}})
      .value();
}

TEST(text_evidence, says_yes_by_every_method_where_the_text_says_it) {
  for (const auto* method : {"terms", "proximity", "sentences"}) {
    const auto judged = ask(grants, method);
    EXPECT_EQ(judged["verdict"], "yes") << method;
    EXPECT_GE(judged["confidence"], 0.7) << method;
    EXPECT_EQ(judged["evidence"][0]["quote"], "Each author hereby grants you a free patent licence for the work.")
        << method;
    EXPECT_EQ(judged["evidence"][0]["line"], 3) << method;
    EXPECT_EQ(judged["evidence"][0]["last_line"], 4) << method;
    EXPECT_EQ(judged["evidence"][0]["side"], "supports") << method;
  }
}

TEST(text_evidence, only_the_judge_of_sentences_understands_a_denial) {
  EXPECT_EQ(ask(denies, "sentences")["verdict"], "no");
  EXPECT_EQ(ask(denies, "sentences")["evidence"][0]["side"], "opposes");
  EXPECT_EQ(ask(denies, "terms")["verdict"], "yes");
  EXPECT_EQ(ask(denies, "proximity")["verdict"], "yes");
}

TEST(text_evidence, only_the_judge_of_paragraphs_reaches_over_sentences_far_apart) {
  std::string filler;
  for (int i = 0; i < 40; ++i)
    filler += "word ";
  const auto text = "It is a grant. The " + filler + "follow. Then comes a patent licence.";
  EXPECT_EQ(ask(text, "terms")["verdict"], "yes");
  EXPECT_EQ(ask(text, "proximity")["verdict"], "unclear");
  EXPECT_EQ(ask(text, "sentences")["verdict"], "unclear");
}

TEST(text_evidence, says_no_where_the_topic_never_comes_up) {
  for (const auto* method : {"terms", "proximity", "sentences"}) {
    EXPECT_EQ(ask(silent, method)["verdict"], "no");
    EXPECT_EQ(ask(silent, method)["mentions"], 0);
    EXPECT_EQ(ask(silent, method)["evidence"], json::array());
  }
}

TEST(text_evidence, is_unclear_where_the_topic_comes_up_without_a_word_on_the_claim) {
  const auto judged = ask(mentions, "sentences");
  EXPECT_EQ(judged["verdict"], "unclear");
  EXPECT_EQ(judged["evidence"][0]["quote"], mentions);
  EXPECT_EQ(judged["evidence"][0]["side"], "mentions");
}

TEST(text_evidence, weighs_what_speaks_against_a_claim) {
  const auto judged = evidence({{"text", "All rights are waived. You keep nothing."},
                                {"claim", "requires attribution"},
                                {"supports", R"([["keep", "notice"]])"_json},
                                {"opposes", R"([["rights", "waive*"]])"_json}})
                          .value();
  EXPECT_EQ(judged["verdict"], "no");
  EXPECT_EQ(judged["evidence"][0]["quote"], "All rights are waived.");
}

TEST(text_evidence, takes_the_words_of_the_claim_when_no_terms_are_given) {
  EXPECT_EQ(evidence({{"text", grants}, {"claim", "it grants a patent license"}}).value()["verdict"], "yes");
  EXPECT_EQ(evidence({{"text", grants}, {"claim", "it is a"}}).error().message,
            "claim: expected words that say something, or `supports`");
}

TEST(text_evidence, refuses_terms_in_another_form) {
  EXPECT_EQ(evidence({{"text", "x"}, {"claim", "x"}, {"supports", "[[1]]"_json}}).error().message,
            "supports: expected a list of lists of terms, such as [[\"grant\", \"patent license\"]]");
  EXPECT_EQ(evidence({{"text", "x"}, {"claim", "x"}, {"method", "magic"}}).error().message,
            "method: expected \"terms\", \"proximity\" or \"sentences\", found \"magic\"");
}

TEST(text_evidence, judges_real_licences) {
  if (!has_licences())
    GTEST_SKIP() << "there is no " << licence_folder;
  auto verdict = [](const char* name, const char* method) {
    return run_text_tool("text.evidence",
                         {{"folder", licence_folder},
                          {"name", name},
                          {"claim", "grants a patent licence"},
                          {"about", "patent"},
                          {"supports", R"([["grant", "patent license"], ["grant", "license", "patent claims"]])"_json},
                          {"opposes", R"([["no", "patent rights"]])"_json},
                          {"method", method}})
        .value()["verdict"];
  };
  for (const auto* method : {"terms", "proximity", "sentences"}) {
    EXPECT_EQ(verdict("Apache-2.0", method), "yes") << method;
    EXPECT_EQ(verdict("GPL-3", method), "yes") << method;
    EXPECT_EQ(verdict("GPL-2", method), "unclear") << method;
    EXPECT_EQ(verdict("BSD", method), "no") << method;
    EXPECT_EQ(verdict("CC0-1.0", method), "no") << method;
  }
}

} // namespace
} // namespace troupe::text
