#include "nodes/client/update_queue.hpp"

#include "troupe/v1/run.pb.h"

#include <gtest/gtest.h>

#include <thread>

namespace troupe {

namespace {

v1::RunUpdate update(uint64_t seq) {
  v1::RunUpdate x;
  x.set_seq(seq);
  return x;
}

} // namespace

TEST(update_queue, hands_updates_over_in_order_and_then_the_reason_why_there_are_no_more) {
  update_queue<v1::RunUpdate> queue{10};
  queue.push(update(1));
  queue.push(update(2));
  queue.close({v1::ERROR_CODE_UNAVAILABLE, "gone", true});
  queue.push(update(3));
  EXPECT_EQ((*queue.pop(milliseconds{0}))->seq(), 1U);
  EXPECT_EQ((*queue.pop(milliseconds{0}))->seq(), 2U);
  EXPECT_EQ(queue.pop(milliseconds{0}).error().code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_EQ(queue.pop(milliseconds{0}).error().code, v1::ERROR_CODE_UNAVAILABLE);
}

TEST(update_queue, has_nothing_when_the_time_is_over) {
  update_queue<v1::RunUpdate> queue{10};
  EXPECT_EQ(*queue.pop(milliseconds{1}), std::nullopt);
}

TEST(update_queue, ends_the_stream_of_a_reader_that_is_too_slow) {
  update_queue<v1::RunUpdate> queue{2};
  for (uint64_t seq = 1; seq <= 3; ++seq)
    queue.push(update(seq));
  EXPECT_TRUE(*queue.pop(milliseconds{0}));
  EXPECT_TRUE(*queue.pop(milliseconds{0}));
  EXPECT_EQ(queue.pop(milliseconds{0}).error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(update_queue, wakes_a_reader_that_waits) {
  update_queue<v1::RunUpdate> queue{10};
  std::thread writer{[&] { queue.push(update(7)); }};
  EXPECT_EQ((*queue.pop(milliseconds{10'000}))->seq(), 7U);
  writer.join();
}

} // namespace troupe
