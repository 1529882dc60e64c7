#include "nodes/cli/table.hpp"

#include <gtest/gtest.h>

namespace troupe::cli {

TEST(table, is_as_wide_as_its_widest_cells) {
  table out{{"NAME", ">TASKS", "STATE"}};
  out.add({"größter", "7", "up"});
  out.add({"b", "1234567", "lost"});
  EXPECT_EQ(out.to_string(), "NAME       TASKS  STATE\n"
                             "größter        7  up\n"
                             "b        1234567  lost\n");
}

TEST(table, leaves_no_blanks_at_the_end_of_a_line) {
  table out{{"A", "B"}};
  out.add({"x"});
  EXPECT_EQ(out.to_string(), "A  B\nx\n");
}

TEST(table, shows_control_characters_of_a_cell_as_question_marks) {
  table out{{"A"}};
  out.add({"x\x1b[31m"});
  EXPECT_EQ(out.to_string(), "A\nx?[31m\n");
}

} // namespace troupe::cli
