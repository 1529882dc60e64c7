#include "nodes/cli/format.hpp"

#include <gtest/gtest.h>

namespace troupe::cli {

TEST(format_duration, chooses_the_unit_that_people_would_choose) {
  EXPECT_EQ(format_duration(0), "0 ms");
  EXPECT_EQ(format_duration(999), "999 ms");
  EXPECT_EQ(format_duration(12'345), "12.3 s");
  EXPECT_EQ(format_duration(59'999), "59.9 s");
  EXPECT_EQ(format_duration(125'000), "2 m 05 s");
  EXPECT_EQ(format_duration(3 * 3'600'000 + 4 * 60'000), "3 h 04 m");
  EXPECT_EQ(format_duration(int64_t{49} * 3'600'000), "2 d 01 h");
}

TEST(format_duration, takes_a_clock_that_went_back_for_no_time) {
  EXPECT_EQ(format_duration(-5), "0 ms");
}

TEST(format_bytes, counts_in_powers_of_1024) {
  EXPECT_EQ(format_bytes(512), "512 B");
  EXPECT_EQ(format_bytes(1'536), "1.5 KiB");
  EXPECT_EQ(format_bytes(20 << 20), "20 MiB");
}

TEST(format_time, prints_utc) {
  EXPECT_EQ(format_time(0), "-");
  EXPECT_EQ(format_time(951'782'400'000), "2000-02-29 00:00:00");
  EXPECT_EQ(format_time(951'782'399'999), "2000-02-28 23:59:59");
}

TEST(printable, lets_no_control_character_reach_the_terminal) {
  EXPECT_EQ(printable("a\x1b[2Jb"), "a?[2Jb");
  EXPECT_EQ(printable("line\nnext\ttab"), "line next tab");
  EXPECT_EQ(printable("\xC2\x9B"
                      "31m"),
            "?31m");
  EXPECT_EQ(printable("Größe ✔"), "Größe ✔");
}

TEST(clip, cuts_between_code_points_and_says_so) {
  EXPECT_EQ(clip("äöü", 3), "äöü");
  EXPECT_EQ(clip("äöüß", 3), "äö…");
  EXPECT_EQ(clip("abc", 1), "…");
  EXPECT_EQ(clip("abc", 0), "");
}

} // namespace troupe::cli
