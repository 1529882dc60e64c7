#include "runtime/policy/bulkhead.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe {
namespace {

TEST(bulkhead, without_a_limit_lets_everybody_in) {
  bulkhead uut;
  for (int i = 0; i < 1'000; ++i)
    ASSERT_TRUE(uut.try_acquire());
  EXPECT_EQ(uut.in_use(), 1'000u);
}

TEST(bulkhead, lets_those_finish_who_are_in_when_the_limit_shrinks) {
  bulkhead uut{2};
  ASSERT_TRUE(uut.try_acquire());
  ASSERT_TRUE(uut.try_acquire());
  uut.set_limit(1);
  EXPECT_FALSE(uut.try_acquire());
  uut.release();
  EXPECT_FALSE(uut.try_acquire());
  uut.release();
  EXPECT_TRUE(uut.try_acquire());
}

RC_GTEST_PROP(bulkhead, never_holds_more_than_its_limit_and_refuses_only_when_full, (const std::vector<bool>& moves)) {
  auto limit = *rc::gen::inRange<uint32_t>(1, 8);
  bulkhead uut{limit};
  uint32_t in = 0;
  for (auto enter : moves) {
    if (enter) {
      RC_ASSERT(uut.try_acquire() == (in < limit));
      in = std::min(in + 1, limit);
    } else if (in > 0) {
      uut.release();
      --in;
    }
    RC_ASSERT(uut.in_use() == in);
    RC_ASSERT(uut.has_room() == (in < limit));
  }
}

} // namespace
} // namespace troupe
