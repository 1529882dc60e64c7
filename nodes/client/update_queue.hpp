#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/run.pb.h"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>

namespace troupe {

/// Between the actor that receives a run's updates and the thread that reads them. Bounded: a reader that is too slow
/// loses the stream, not the process its memory.
class update_queue {
public:
  explicit update_queue(size_t most_updates);

  void push(v1::RunUpdate x);

  /// No more will come. What is queued can still be read; then this is the answer. The first call counts.
  void close(error why);

  /// The next one; nothing when the time is over before there is one.
  result<std::optional<v1::RunUpdate>> pop(milliseconds timeout);

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::RunUpdate> updates_;
  std::optional<error> end_;
  size_t most_updates_;
};

} // namespace troupe
