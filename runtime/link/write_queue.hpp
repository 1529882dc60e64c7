#pragma once

#include "runtime/link/frame.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Frames that wait to be written to a link, in two lanes: what is urgent overtakes what is not, at the borders of
/// frames. Bounded in bytes.
class write_queue {
public:
  enum class outcome {
    queued,
    /// The queue holds too much already; the message is not taken.
    full,
    /// Above `max_message`; no peer would read it.
    too_large,
  };

  /// `bound`: most bytes that wait. An urgent message is small and taken up to 1 MiB above it.
  explicit write_queue(frame_limits limits = {}, size_t bound = size_t{64} << 20) : limits_{limits}, bound_{bound} {}

  outcome push(std::string_view message, bool urgent = false);

  /// Appends what is to be written next, in order and at most `max` pieces, to `out`. Valid until the queue changes.
  void gather(std::vector<std::string_view>& out, size_t max) const;

  /// Forgets the first `count` bytes of what `gather` gave.
  void consume(size_t count);

  bool empty() const {
    return bytes_ == 0;
  }

  /// Bytes that wait, headers included.
  size_t bytes() const {
    return bytes_;
  }

private:
  struct lane {
    /// Each chunk is a whole number of frames.
    std::deque<std::string> chunks;
    /// Bytes of the first chunk that are written.
    size_t written = 0;
  };

  void append(lane& to, uint8_t flags, std::string_view body);
  size_t consume(lane& from, size_t count);

  frame_limits limits_;
  size_t bound_;
  lane urgent_;
  lane normal_;
  size_t bytes_ = 0;
  /// An emptied chunk, kept for its memory: a queue that never grows allocates nothing.
  std::string spare_;
};

} // namespace troupe
