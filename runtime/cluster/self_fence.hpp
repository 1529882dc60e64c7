#pragma once

#include "runtime/core/clock.hpp"

#include <cstdint>
#include <deque>
#include <utility>

namespace troupe {

/// A worker's own judgement whether a coordinator still counts on it. An acknowledgement proves only that the
/// coordinator lived after the heartbeat was *sent*, so the deadline counts from then: a worker that was stopped for
/// longer than the limit is fenced however many acknowledgements wait for it.
class self_fence {
public:
  self_fence(milliseconds limit, int64_t now) : limit_{limit}, proven_{now} {}

  void sent(uint64_t seq, int64_t now) {
    pending_.emplace_back(seq, now);
    // Nobody waits for older ones than the limit spans; the number bounds a coordinator that never answers.
    if (pending_.size() > 1'024)
      pending_.pop_front();
  }

  void acknowledged(uint64_t seq) {
    while (!pending_.empty() && pending_.front().first <= seq) {
      if (pending_.front().first == seq)
        proven_ = pending_.front().second;
      pending_.pop_front();
    }
  }

  /// Time to stop: the coordinator has given the work to somebody else by now.
  bool is_due(int64_t now) const {
    return now - proven_ >= limit_.count();
  }

private:
  milliseconds limit_;
  int64_t proven_;
  std::deque<std::pair<uint64_t, int64_t>> pending_;
};

} // namespace troupe
