#include "runtime/link/write_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace troupe {
namespace {

constexpr frame_limits small_queue{.max_frame = 64, .piece = 16, .max_message = 256};

/// Takes up to `count` bytes off the queue, as a socket would.
std::string write(write_queue& queue, size_t count) {
  std::vector<std::string_view> pieces;
  queue.gather(pieces, 4);
  std::string out;
  for (auto piece : pieces)
    out += piece;
  out.resize(std::min(out.size(), count));
  queue.consume(out.size());
  return out;
}

RC_GTEST_PROP(write_queue, keeps_frames_whole_and_each_lane_in_order_however_the_socket_takes_them, ()) {
  write_queue queue(small_queue);
  frame_decoder decoder(small_queue);
  std::vector<std::string> sent[2];
  std::vector<std::string> got[2];
  auto receive = [&](std::string_view bytes) {
    auto status = decoder.feed(bytes, [&](std::string_view x) { got[x.front() == 'u'].emplace_back(x); });
    RC_ASSERT(status.has_value());
  };
  auto steps = *rc::gen::inRange(1, 60);
  for (int i = 0; i < steps; ++i) {
    if (*rc::gen::arbitrary<bool>()) {
      receive(write(queue, *rc::gen::inRange<size_t>(1, 80)));
      continue;
    }
    auto urgent = *rc::gen::arbitrary<bool>();
    auto text =
        (urgent ? "u" : "n") + std::to_string(i) + std::string(*rc::gen::inRange<size_t>(0, urgent ? 10 : 120), '.');
    RC_ASSERT(queue.push(text, urgent) == write_queue::outcome::queued);
    sent[urgent].push_back(text);
  }
  while (!queue.empty())
    receive(write(queue, 50));
  RC_ASSERT(got[0] == sent[0]);
  RC_ASSERT(got[1] == sent[1]);
  RC_ASSERT(decoder.buffered() == 0u);
}

TEST(write_queue, lets_an_urgent_message_overtake_at_the_border_of_a_frame) {
  write_queue queue(small_queue);
  queue.push(std::string(40, 'n'));
  queue.push("u", true);
  std::vector<std::string> got;
  frame_decoder decoder(small_queue);
  while (!queue.empty())
    ASSERT_TRUE(decoder.feed(write(queue, 1), [&](std::string_view x) { got.emplace_back(x); }));
  EXPECT_EQ(got, (std::vector<std::string>{"u", std::string(40, 'n')}));
}

TEST(write_queue, refuses_what_is_above_its_bound_and_takes_more_once_it_is_written) {
  write_queue queue(small_queue, 100);
  EXPECT_EQ(queue.push(std::string(80, 'x')), write_queue::outcome::queued);
  EXPECT_EQ(queue.push(std::string(80, 'x')), write_queue::outcome::full);
  EXPECT_EQ(queue.push("heartbeat", true), write_queue::outcome::queued) << "signs of life have room of their own";
  while (!queue.empty())
    write(queue, 1000);
  EXPECT_EQ(queue.push(std::string(80, 'x')), write_queue::outcome::queued);
}

TEST(write_queue, refuses_a_message_that_no_peer_would_read) {
  write_queue queue(small_queue);
  EXPECT_EQ(queue.push(std::string(257, 'x')), write_queue::outcome::too_large);
  EXPECT_TRUE(queue.empty());
}

} // namespace
} // namespace troupe
