#include "runtime/link/frame.hpp"

#include "runtime/link/write_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace troupe {
namespace {

using messages = std::vector<std::string>;

constexpr frame_limits small{.max_frame = 64, .piece = 16, .max_message = 256};

std::string frame(uint8_t flags, std::string_view body) {
  auto header = frame_header(flags, static_cast<uint32_t>(body.size()));
  return std::string(header.data(), header.size()) + std::string{body};
}

std::string encode(const messages& xs, frame_limits limits) {
  write_queue queue(limits);
  for (auto& x : xs)
    EXPECT_EQ(queue.push(x), write_queue::outcome::queued);
  std::vector<std::string_view> pieces;
  queue.gather(pieces, SIZE_MAX);
  std::string out;
  for (auto piece : pieces)
    out += piece;
  return out;
}

struct decoded {
  messages complete;
  result<void> status;
};

decoded decode(const messages& chunks, frame_limits limits) {
  frame_decoder decoder(limits);
  decoded out;
  for (auto& chunk : chunks) {
    out.status = decoder.feed(chunk, [&](std::string_view x) { out.complete.emplace_back(x); });
    if (!out.status)
      break;
  }
  return out;
}

messages split(const std::string& bytes, const std::vector<uint8_t>& sizes) {
  messages out;
  size_t at = 0;
  for (size_t i = 0; at < bytes.size(); ++i) {
    size_t size = sizes.empty() ? bytes.size() : 1 + sizes[i % sizes.size()];
    out.push_back(bytes.substr(at, size));
    at += size;
  }
  return out;
}

RC_GTEST_PROP(frame, any_split_of_the_stream_decodes_the_same, (std::vector<uint8_t> sizes)) {
  auto xs = *rc::gen::container<messages>(rc::gen::map(rc::gen::inRange<size_t>(0, 200), [](size_t n) {
    std::string x(n, '\0');
    for (size_t i = 0; i < n; ++i)
      x[i] = static_cast<char>(n * 31 + i);
    return x;
  }));
  auto out = decode(split(encode(xs, small), sizes), small);
  RC_ASSERT(out.status.has_value());
  RC_ASSERT(out.complete == xs);
}

RC_GTEST_PROP(frame, garbage_never_holds_more_than_the_limits, (messages chunks)) {
  frame_decoder decoder(small);
  for (auto& chunk : chunks) {
    auto valid_start = *rc::gen::arbitrary<bool>() ? frame(*rc::gen::element<uint8_t>(0, 1, 3), "abc") : std::string{};
    auto status =
        decoder.feed(valid_start + chunk, [](std::string_view x) { RC_ASSERT(x.size() <= small.max_message); });
    RC_ASSERT(decoder.buffered() <= frame_header_size + small.max_frame + small.max_message);
    if (!status)
      RC_ASSERT(decoder.buffered() == 0u);
  }
}

TEST(frame, lets_a_whole_message_stand_between_the_pieces_of_another) {
  auto out = decode({frame(frame_part, "lar") + frame(0, "beat") + frame(frame_part | frame_last, "ge")}, small);
  ASSERT_TRUE(out.status);
  EXPECT_EQ(out.complete, (messages{"beat", "large"}));
}

TEST(frame, does_not_allocate_what_a_header_promises) {
  frame_decoder decoder;
  auto header = frame_header(0, uint32_t{1} << 20);
  ASSERT_TRUE(decoder.feed({header.data(), header.size()}, [](std::string_view) { FAIL(); }));
  EXPECT_EQ(decoder.buffered(), frame_header_size);
}

TEST(frame, refuses_a_frame_above_the_limit_at_its_header) {
  auto header = frame_header(0, 0xffffffff);
  auto out = decode({std::string(header.data(), header.size())}, small);
  ASSERT_FALSE(out.status);
  EXPECT_EQ(out.status.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(frame, refuses_a_message_whose_pieces_grow_above_the_limit) {
  std::string stream;
  for (int i = 0; i < 5; ++i)
    stream += frame(frame_part, std::string(60, 'x'));
  auto out = decode({stream}, small);
  ASSERT_FALSE(out.status);
  EXPECT_EQ(out.status.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST(frame, refuses_another_protocol_another_version_and_unknown_flags) {
  EXPECT_FALSE(decode({"GET / HTTP/1.1\r\n"}, small).status);
  auto other_version = frame(0, "");
  other_version[1] = 2;
  EXPECT_FALSE(decode({other_version}, small).status);
  EXPECT_FALSE(decode({frame(4, "x")}, small).status);
  EXPECT_FALSE(decode({frame(frame_last, "x")}, small).status);
  EXPECT_FALSE(decode({frame(frame_part | frame_last, "x")}, small).status) << "a last piece without a first one";
  EXPECT_FALSE(decode({frame(frame_part, "")}, small).status) << "an empty piece";
}

TEST(frame, stays_refused_after_an_error) {
  frame_decoder decoder(small);
  auto ignore = [](std::string_view) { FAIL() << "a refused stream has no messages"; };
  ASSERT_FALSE(decoder.feed("garbage!", ignore));
  EXPECT_FALSE(decoder.feed(frame(0, "fine"), ignore));
}

TEST(frame, knows_the_empty_message) {
  auto out = decode({frame(0, "") + frame(0, "")}, small);
  ASSERT_TRUE(out.status);
  EXPECT_EQ(out.complete, (messages{"", ""}));
}

} // namespace
} // namespace troupe
