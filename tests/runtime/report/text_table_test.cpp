#include "runtime/report/text_table.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(text_table, aligns_its_columns) {
  text_table table{{"NAME", ">N"}};
  table.add({"a", "1"});
  table.add({"longer", "100"});
  EXPECT_EQ(table.to_string(0), "NAME      N\n"
                                "a         1\n"
                                "longer  100\n");
}

TEST(text_table, leaves_no_blanks_at_the_end_of_a_line) {
  text_table table{{"A", "B"}};
  table.add({"x"});
  EXPECT_EQ(table.to_string(2), "  A  B\n  x\n");
}

TEST(text_table, counts_letters_and_not_bytes) {
  text_table table{{"NAME", "N"}};
  table.add({"größer", "1"});
  EXPECT_EQ(table.to_string(0), "NAME    N\ngrößer  1\n");
}

TEST(printable, replaces_what_would_move_the_cursor) {
  EXPECT_EQ(printable("a\x1b[2Jb\nc", 20), "a [2Jb c");
}

TEST(printable, cuts_between_letters) {
  EXPECT_EQ(printable("größer", 6), "größer");
  EXPECT_EQ(printable("größer", 5), "größ…");
  EXPECT_EQ(printable("größer", 4), "grö…");
}

} // namespace
} // namespace troupe
