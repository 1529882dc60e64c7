#include "runtime/agents/text/passages.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe::text {
namespace {

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  for (const auto& x : sentences_of(text))
    out.push_back(collapsed(x.in(text)));
  return out;
}

using list = std::vector<std::string>;

TEST(passages, sentences_end_at_full_stops_that_end_one) {
  EXPECT_EQ(sentences("One. Two! Three? \"Four.\" (Five.) Six"),
            (list{"One.", "Two!", "Three?", "\"Four.\"", "(Five.)", "Six"}));
  EXPECT_EQ(sentences("See e.g. the U.S. law, v. 2.0 of it. Next."),
            (list{"See e.g. the U.S. law, v. 2.0 of it.", "Next."}));
  EXPECT_EQ(sentences("It ends in etc. and goes on."), list{"It ends in etc. and goes on."});
}

TEST(passages, sentences_run_over_lines_but_not_over_blank_ones) {
  EXPECT_EQ(sentences("A title\n\nThe first\n  line. Second\nline.\n\n\nEnd"),
            (list{"A title", "The first line.", "Second line.", "End"}));
}

TEST(passages, items_of_a_list_are_sentences) {
  EXPECT_EQ(sentences("You may:\n  (a) copy it;\n  (b) sell it.\n  1. First thing\n  * dot"),
            (list{"You may:", "(a) copy it;", "(b) sell it.", "1. First thing", "* dot"}));
}

TEST(passages, lines_and_columns_count_from_one) {
  const line_index lines{"ab\ncé d\n\nx"};
  EXPECT_EQ(lines.count(), 4u);
  EXPECT_EQ(lines.at(0).line, 1u);
  EXPECT_EQ(lines.at(3).line, 2u);
  EXPECT_EQ(lines.at(7).line, 2u);
  EXPECT_EQ(lines.at(7).column, 4u);
  EXPECT_EQ(lines.line(2), "cé d");
  EXPECT_EQ(lines.line(5), "");
}

RC_GTEST_PROP(passages, sentences_are_in_order_and_leave_out_nothing_but_white_space, ()) {
  const auto text =
      *rc::gen::container<std::string>(rc::gen::element('a', 'B', '.', ' ', '\n', '1', '(', ')', '"', ';', '*', '-'));
  size_t last = 0;
  std::string seen;
  for (const auto& x : sentences_of(text)) {
    RC_ASSERT(x.begin >= last && x.end > x.begin);
    seen += x.in(text);
    last = x.end;
  }
  auto bare = [](std::string x) {
    std::erase_if(x, [](char c) { return c == ' ' || c == '\n'; });
    return x;
  };
  RC_ASSERT(bare(seen) == bare(text));
}

} // namespace
} // namespace troupe::text
