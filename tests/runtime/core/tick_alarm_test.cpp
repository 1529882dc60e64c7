#include "runtime/core/tick_alarm.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(tick_alarm_test, is_armed_anew_for_what_is_due_earlier_only) {
  tick_alarm sut;
  auto late = sut.arm(100);
  ASSERT_TRUE(late);
  EXPECT_FALSE(sut.arm(100));
  EXPECT_FALSE(sut.arm(101));
  auto early = sut.arm(50);
  ASSERT_TRUE(early);
  EXPECT_NE(*early, *late);
}

TEST(tick_alarm_test, counts_the_last_tick_and_no_other) {
  tick_alarm sut;
  auto late = sut.arm(100);
  auto early = sut.arm(50);
  EXPECT_FALSE(sut.rings(*late));
  EXPECT_TRUE(sut.rings(*early));
  EXPECT_FALSE(sut.rings(*early)) << "once";
  auto again = sut.arm(100);
  ASSERT_TRUE(again);
  EXPECT_FALSE(sut.rings(*late)) << "for the same time, but of an earlier alarm: it would go on beside this one";
  EXPECT_TRUE(sut.rings(*again));
}

} // namespace
} // namespace troupe
