#include "runtime/agents/text/text_split.hpp"

#include "runtime/agents/text/passages.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe::text {
namespace {

const std::string text =
    "Preamble here.\n\n# First part\n\nPara one.\n\nPara two\nhas two lines.\n\nTERMS AND CONDITIONS\n\nThe end.";

TEST(text_split, cuts_along_headings) {
  const auto chunks = split({{"text", text}}).value()["chunks"];
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0]["heading"], "");
  EXPECT_EQ(chunks[0]["text"], "Preamble here.");
  EXPECT_EQ(chunks[1]["heading"], "First part");
  EXPECT_EQ(chunks[1]["first_line"], 3);
  EXPECT_EQ(chunks[1]["last_line"], 8);
  EXPECT_EQ(chunks[2]["heading"], "TERMS AND CONDITIONS");
  EXPECT_EQ(chunks[2]["text"], "TERMS AND CONDITIONS\n\nThe end.");
}

TEST(text_split, cuts_between_paragraphs) {
  const auto chunks = split({{"text", text}, {"by", "paragraphs"}}).value()["chunks"];
  ASSERT_EQ(chunks.size(), 6u);
  EXPECT_EQ(chunks[3]["text"], "Para two\nhas two lines.");
  EXPECT_EQ(chunks[3]["heading"], "First part");
}

TEST(text_split, cuts_what_is_too_large_between_lines) {
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += std::string(49, 'x') + "\n";
  const auto chunks = split({{"text", lines}, {"max_chars", 200}}).value()["chunks"];
  EXPECT_EQ(chunks.size(), 5u);
  for (const auto& x : chunks)
    EXPECT_LE(x["text"].get<std::string>().size(), 200u);
  EXPECT_EQ(split({{"text", std::string(1000, 'x')}, {"max_chars", 200}}).value()["chunks"].size(), 1u);
}

TEST(text_split, refuses_other_ways) {
  EXPECT_EQ(split({{"text", "x"}, {"by", "magic"}}).error().message,
            "by: expected \"headings\" or \"paragraphs\", found \"magic\"");
}

RC_GTEST_PROP(text_split, loses_no_word, ()) {
  const auto input = *rc::gen::container<std::string>(rc::gen::element('a', 'B', '.', ' ', '\n', '#', '1'));
  const auto by = *rc::gen::element<std::string>("headings", "paragraphs");
  std::string joined;
  size_t last = 0;
  const auto made = split({{"text", input}, {"by", by}, {"max_chars", 200}}).value();
  for (const auto& x : made["chunks"]) {
    joined += x["text"].get<std::string>() + "\n";
    RC_ASSERT(x["first_line"].get<size_t>() > last);
    RC_ASSERT(x["last_line"] >= x["first_line"]);
    last = x["last_line"];
  }
  RC_ASSERT(collapsed(joined) == collapsed(input));
}

} // namespace
} // namespace troupe::text
