#include "runtime/agents/text/text_search.hpp"

#include "runtime/agents/text/passages.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe::text {
namespace {

const json library = R"([
  {"name": "a", "text": "Cats sleep a lot.\n\nDogs bark at cats\nand at the moon."},
  {"name": "b", "text": "Birds sing. The moon is bright; the moon is far. Fish are quiet."}
])"_json;

TEST(text_search, quotes_the_best_sentences_with_their_places) {
  const auto found = search({{"query", "the moon"}, {"documents", library}}).value();
  ASSERT_EQ(found["hits"].size(), 2u);
  EXPECT_EQ(found["terms"], json({"moon"}));
  EXPECT_EQ(found["hits"][0]["document"], "b");
  EXPECT_EQ(found["hits"][0]["quote"], "The moon is bright; the moon is far.");
  EXPECT_EQ(found["hits"][0]["line"], 1);
  EXPECT_EQ(found["hits"][0]["column"], 13);
  EXPECT_EQ(found["hits"][1]["quote"], "Dogs bark at cats and at the moon.");
  EXPECT_EQ(found["hits"][1]["line"], 3);
  EXPECT_EQ(found["hits"][1]["last_line"], 4);
  EXPECT_GT(found["hits"][0]["score"], found["hits"][1]["score"]);
}

TEST(text_search, ranks_rare_words_above_common_ones) {
  const auto found = search({{"query", "cat bark"}, {"documents", library}}).value();
  EXPECT_EQ(found["hits"][0]["line"], 3);
}

TEST(text_search, shows_neighbours_as_context) {
  const auto found = search({{"query", "moon"}, {"documents", library}, {"context", 1}, {"limit", 1}}).value();
  ASSERT_EQ(found["hits"].size(), 1u);
  EXPECT_EQ(found["hits"][0]["context"], "Birds sing. The moon is bright; the moon is far. Fish are quiet.");
}

TEST(text_search, finds_nothing_where_nothing_is) {
  EXPECT_EQ(search({{"query", "zebra"}, {"documents", library}}).value()["hits"], json::array());
  EXPECT_EQ(search({{"query", "zebra"}, {"text", ""}}).value()["hits"], json::array());
}

TEST(text_search, refuses_bad_input_by_name) {
  EXPECT_EQ(search({{"documents", library}}).error().message, "query: missing; expected a text");
  EXPECT_EQ(search({{"query", "?!"}, {"documents", library}}).error().message, "query: expected at least one word");
  EXPECT_EQ(search({{"query", "x"}, {"documents", 1}}).error().message, "documents: expected a list of {name, text}");
  EXPECT_EQ(search({{"query", "x"}, {"documents", json::array({{{"text", 1}}})}}).error().message,
            "documents[0].text: expected a text, found number");
  EXPECT_EQ(search({{"query", "x"}, {"text", "y"}, {"limit", 0}}).error().message,
            "limit: expected a whole number from 1 to 100, found 0");
  EXPECT_EQ(search({{"query", "x"}, {"text", "\xFF"}}).error().message, "text: not a UTF-8 text");
  EXPECT_EQ(search(json::array()).error().code, v1::ERROR_CODE_INVALID_INPUT);
}

RC_GTEST_PROP(text_search, quotes_stand_in_the_lines_that_it_names, ()) {
  const auto words = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("moon", "cat.", "dog", "\n", "\n\n", "Bird!", "(a) "));
  std::string text;
  for (const auto& x : words)
    text += x + " ";
  const line_index lines{text};
  const auto found = search({{"query", "moon bird"}, {"text", text}}).value();
  for (const auto& hit : found["hits"]) {
    std::string there;
    for (auto i = hit["line"].get<size_t>(); i <= hit["last_line"].get<size_t>(); ++i)
      there += std::string{lines.line(i)} + "\n";
    RC_ASSERT(collapsed(there).find(hit["quote"].get<std::string>()) != std::string::npos);
  }
}

} // namespace
} // namespace troupe::text
