#include "runtime/run/run_clock.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr int64_t hour_ms = 3'600'000;

TEST(run_clock, shows_the_wall_clocks_time) {
  test::manual_clock time;
  run_clock x{time};
  EXPECT_EQ(x.now_ms(time), time.wall_ms());
  time.advance(milliseconds{1'500});
  EXPECT_EQ(x.now_ms(time), time.wall_ms());
}

TEST(run_clock, does_not_jump_with_the_wall_clock) {
  test::manual_clock time;
  auto begin = time.wall_ms();
  run_clock x{time};
  time.set_wall(begin + hour_ms);
  EXPECT_EQ(x.now_ms(time), begin);
  time.advance(milliseconds{10});
  EXPECT_EQ(x.now_ms(time), begin + 10);
  time.set_wall(begin - hour_ms);
  time.advance(milliseconds{10});
  EXPECT_EQ(x.now_ms(time), begin + 20);
}

} // namespace
} // namespace troupe
