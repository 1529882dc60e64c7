#include "runtime/cluster/self_fence.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

constexpr milliseconds limit{7'000};

TEST(self_fence, is_due_when_no_acknowledgement_comes) {
  self_fence fence(limit, 100);
  fence.sent(1, 1'100);
  EXPECT_FALSE(fence.is_due(7'099));
  EXPECT_TRUE(fence.is_due(7'100));
}

TEST(self_fence, counts_from_when_the_acknowledged_heartbeat_was_sent) {
  self_fence fence(limit, 0);
  fence.sent(1, 1'000);
  fence.acknowledged(1); // however late this is
  EXPECT_FALSE(fence.is_due(7'999));
  EXPECT_TRUE(fence.is_due(8'000));
}

TEST(self_fence, takes_acknowledgements_that_skip_some_or_come_twice) {
  self_fence fence(limit, 0);
  for (uint64_t seq = 1; seq <= 5; ++seq)
    fence.sent(seq, static_cast<int64_t>(seq) * 1'000);
  fence.acknowledged(4);
  fence.acknowledged(2);
  fence.acknowledged(4);
  EXPECT_FALSE(fence.is_due(10'999));
  EXPECT_TRUE(fence.is_due(11'000));
}

TEST(self_fence, does_not_believe_an_acknowledgement_of_what_was_never_sent) {
  self_fence fence(limit, 0);
  fence.acknowledged(99);
  EXPECT_TRUE(fence.is_due(7'000));
}

} // namespace
} // namespace troupe
