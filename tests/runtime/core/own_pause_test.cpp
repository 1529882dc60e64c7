#include "runtime/core/own_pause.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using namespace std::chrono_literals;
using time_point = std::chrono::steady_clock::time_point;

constexpr time_point due{100s};

TEST(own_pause, leaves_a_deadline_that_is_to_come_or_has_just_passed) {
  EXPECT_EQ(without_own_pause(due, due - 1h), due);
  EXPECT_EQ(without_own_pause(due, due), due);
  EXPECT_EQ(without_own_pause(due, due + 500ms), due);
}

TEST(own_pause, does_not_count_the_time_for_which_nobody_watched) {
  EXPECT_EQ(without_own_pause(due, due + 501ms), due + 1'002ms);
  EXPECT_EQ(without_own_pause(due, due + 12s), due + 24s);
}

TEST(own_pause, is_over_when_the_deadline_that_was_put_off_is_watched) {
  auto later = without_own_pause(due, due + 12s);
  EXPECT_EQ(without_own_pause(later, later + 3ms), later);
}

} // namespace
} // namespace troupe
