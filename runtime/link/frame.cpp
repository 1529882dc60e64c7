#include "runtime/link/frame.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Buffers above this are given back when their message is done: an idle link holds no memory of its largest message.
constexpr size_t keep_capacity = size_t{64} << 10;

void reset(std::string& buffer) {
  if (buffer.capacity() > keep_capacity)
    buffer = std::string{};
  else
    buffer.clear();
}

uint32_t read_length(const std::array<char, frame_header_size>& header) {
  uint32_t out = 0;
  for (size_t i = 0; i < 4; ++i)
    out |= static_cast<uint32_t>(static_cast<uint8_t>(header[4 + i])) << (8 * i);
  return out;
}

} // namespace

std::array<char, frame_header_size> frame_header(uint8_t flags, uint32_t length) {
  auto byte = [length](int shift) { return static_cast<char>((length >> shift) & 0xff); };
  return {frame_magic, static_cast<char>(frame_version), static_cast<char>(flags), 0, byte(0), byte(8), byte(16),
          byte(24)};
}

result<void> frame_decoder::refuse(errc code, std::string message) {
  refused_ = true;
  error_ = error{code, std::move(message), false};
  frame_ = {};
  message_ = {};
  header_have_ = 0;
  return tl::unexpected<error>{error_};
}

result<void> frame_decoder::take_header() {
  if (header_[0] != frame_magic)
    return refuse(v1::ERROR_CODE_INVALID_INPUT, "the peer does not speak troupe's link protocol");
  if (static_cast<uint8_t>(header_[1]) != frame_version)
    return refuse(v1::ERROR_CODE_INVALID_INPUT, "the peer's frames have version "
                                                    + std::to_string(static_cast<uint8_t>(header_[1]))
                                                    + ", this node reads version " + std::to_string(frame_version));
  flags_ = static_cast<uint8_t>(header_[2]);
  if (header_[3] != 0 || (flags_ != 0 && flags_ != frame_part && flags_ != (frame_part | frame_last)))
    return refuse(v1::ERROR_CODE_INVALID_INPUT, "a frame's flags are unknown");
  missing_ = read_length(header_);
  if (missing_ > limits_.max_frame)
    return refuse(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "a frame of " + std::to_string(missing_)
                                                         + " bytes is above the limit of "
                                                         + std::to_string(limits_.max_frame));
  if (flags_ == frame_part && missing_ == 0)
    return refuse(v1::ERROR_CODE_INVALID_INPUT, "a piece of a message is empty");
  auto total = missing_ + (flags_ == 0 ? 0 : message_.size());
  if (total > limits_.max_message)
    return refuse(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                  "a message of more than " + std::to_string(limits_.max_message) + " bytes is above the limit");
  if (flags_ == (frame_part | frame_last) && !in_pieces_)
    return refuse(v1::ERROR_CODE_INVALID_INPUT, "a last piece came without a first one");
  if (flags_ == frame_part)
    in_pieces_ = true;
  return {};
}

void frame_decoder::take_body(std::string_view& chunk, const std::function<void(std::string_view)>& sink) {
  auto part = chunk.substr(0, missing_);
  chunk.remove_prefix(part.size());
  missing_ -= part.size();
  if (flags_ == 0 && frame_.empty() && missing_ == 0) {
    // The common case: the whole message lies in this chunk and is not copied.
    header_have_ = 0;
    sink(part);
    return;
  }
  auto& buffer = flags_ == 0 ? frame_ : message_;
  buffer.append(part);
  if (missing_ > 0)
    return;
  header_have_ = 0;
  if (flags_ == frame_part)
    return;
  if (flags_ != 0)
    in_pieces_ = false;
  sink(buffer);
  reset(buffer);
}

result<void> frame_decoder::feed(std::string_view chunk, const std::function<void(std::string_view)>& sink) {
  if (refused_)
    return tl::unexpected<error>{error_};
  while (true) {
    if (header_have_ < frame_header_size) {
      auto part = chunk.substr(0, frame_header_size - header_have_);
      std::copy(part.begin(), part.end(), header_.begin() + static_cast<std::ptrdiff_t>(header_have_));
      header_have_ += part.size();
      chunk.remove_prefix(part.size());
      if (header_have_ < frame_header_size)
        return {};
      if (auto ok = take_header(); !ok)
        return ok;
    }
    if (chunk.empty() && missing_ > 0)
      return {};
    take_body(chunk, sink);
  }
}

} // namespace troupe
