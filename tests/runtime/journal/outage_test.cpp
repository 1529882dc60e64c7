#include "runtime/journal/outage.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(outage, begins_with_the_first_who_waits) {
  outage x;
  EXPECT_TRUE(x.waits("a", 100));
  EXPECT_FALSE(x.waits("b", 200));
  EXPECT_FALSE(x.waits("a", 300));
}

TEST(outage, is_over_when_nobody_waits_any_more) {
  outage x;
  x.waits("a", 100);
  x.waits("b", 200);
  EXPECT_FALSE(x.waits_no_more("a", 300));
  EXPECT_FALSE(x.waits_no_more("a", 310));
  // Once more, in the same outage: not another one who waited.
  EXPECT_FALSE(x.waits("a", 320));
  EXPECT_FALSE(x.waits_no_more("b", 400));
  auto over = x.waits_no_more("a", 500);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->waited, 2U);
  EXPECT_EQ(over->took_ms, 400);
}

TEST(outage, does_not_know_who_never_waited) {
  outage x;
  EXPECT_FALSE(x.waits_no_more("a", 100));
  x.waits("b", 200);
  EXPECT_FALSE(x.waits_no_more("a", 300));
  EXPECT_TRUE(x.waits_no_more("b", 400));
}

TEST(outage, begins_anew_after_its_end) {
  outage x;
  x.waits("a", 100);
  x.waits_no_more("a", 200);
  EXPECT_TRUE(x.waits("b", 1'000));
  auto over = x.waits_no_more("b", 1'001);
  ASSERT_TRUE(over);
  EXPECT_EQ(over->waited, 1U);
  EXPECT_EQ(over->took_ms, 1);
}

} // namespace
} // namespace troupe
