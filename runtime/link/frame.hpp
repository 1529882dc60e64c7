#pragma once

#include "runtime/core/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe {

/// A link carries messages (serialised v1::Envelope) in frames:
///
///     0      1         2       3      4         8
///     +------+---------+-------+------+---------+----------------
///     | 'T'  | version | flags | zero | length  | length bytes …
///     +------+---------+-------+------+---------+----------------
///                                       u32, little endian
///
/// Without flags a frame is one whole message. `frame_part` marks a piece of a message that was too large for one
/// frame, `frame_last` its last piece. One message at a time is in pieces per direction; whole messages may stand
/// between its pieces, so that a heartbeat does not wait behind 64 MiB of result.
inline constexpr size_t frame_header_size = 8;
inline constexpr char frame_magic = 'T';
inline constexpr uint8_t frame_version = 1;
inline constexpr uint8_t frame_part = 1;
inline constexpr uint8_t frame_last = 2;

/// Bytes; every reader enforces its own.
struct frame_limits {
  /// Longest frame that is accepted.
  size_t max_frame = size_t{1} << 20;
  /// Longer messages are sent in pieces of this length. At most `max_frame` of the peer.
  size_t piece = size_t{256} << 10;
  /// Longest message, whole or in pieces.
  size_t max_message = size_t{64} << 20;
};

std::array<char, frame_header_size> frame_header(uint8_t flags, uint32_t length);

/// Turns bytes as they arrive into messages. Memory: what has arrived of unfinished messages (at most `max_message` of
/// a message in pieces and `max_frame` of a frame), whatever the lengths in the headers promise. The first error is
/// final: the stream has no place to start again from.
class frame_decoder {
public:
  explicit frame_decoder(frame_limits limits = {}) : limits_{limits} {}

  /// Calls `sink` for each message that `chunk` completes; the view is valid during the call only.
  /// Fails with invalid_input on anything but a well-formed stream, resource_exhausted on a limit.
  result<void> feed(std::string_view chunk, const std::function<void(std::string_view)>& sink);

  /// Replaces the limits: a peer that has introduced itself may send more than a stranger.
  void set_limits(frame_limits limits) {
    limits_ = limits;
  }

  /// Bytes held for messages that are not complete.
  size_t buffered() const {
    return header_have_ + frame_.size() + message_.size();
  }

private:
  result<void> take_header();
  void take_body(std::string_view& chunk, const std::function<void(std::string_view)>& sink);
  result<void> refuse(errc code, std::string message);

  frame_limits limits_;
  std::array<char, frame_header_size> header_ = {};
  size_t header_have_ = 0;
  uint8_t flags_ = 0;
  /// Of the current frame's body; meaningful once its header is complete.
  size_t missing_ = 0;
  /// The arrived part of a whole message.
  std::string frame_;
  /// The arrived pieces of a message in pieces.
  std::string message_;
  bool in_pieces_ = false;
  bool refused_ = false;
  error error_;
};

} // namespace troupe
