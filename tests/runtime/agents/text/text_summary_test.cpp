#include "runtime/agents/text/text_summary.hpp"

#include <gtest/gtest.h>

namespace troupe::text {
namespace {

const std::string text =
    "About the moon\n\nThe moon circles the earth every month. My neighbour bought bread yesterday "
    "morning.\nThe moon has no air, and the moon has no rain. Bread was cheap that day in town.\n"
    "People walked on the moon in 1969.";

TEST(text_summary, picks_sentences_in_their_order_and_cites_them) {
  const auto made = summary({{"text", text}, {"sentences", 2}}).value();
  std::string joined;
  std::vector<json> lines;
  for (const auto& x : made["sentences"]) {
    joined += (joined.empty() ? "" : " ") + x["quote"].get<std::string>();
    lines.push_back(x["line"]);
    EXPECT_NE(x["quote"].get<std::string>().find("moon"), std::string::npos);
  }
  EXPECT_EQ(lines, (std::vector<json>{3, 4}));
  EXPECT_EQ(made["summary"], joined);
  EXPECT_EQ(made["of"], 6);
}

TEST(text_summary, follows_its_focus) {
  const auto made = summary({{"text", text}, {"sentences", 1}, {"focus", "cheap bread in town"}}).value();
  EXPECT_EQ(made["sentences"][0]["quote"], "Bread was cheap that day in town.");
}

TEST(text_summary, gives_all_there_is_when_more_is_wanted) {
  EXPECT_EQ(summary({{"text", text}, {"sentences", 50}}).value()["sentences"].size(), 5u);
  EXPECT_EQ(summary({{"text", "Too short."}}).value()["summary"], "");
  EXPECT_EQ(summary({{"text", ""}}).value()["sentences"], json::array());
}

TEST(text_summary, takes_one_text_only) {
  EXPECT_EQ(summary({{"documents", json::array({"a", "b"})}}).error().message, "expected one document, found 2");
}

} // namespace
} // namespace troupe::text
