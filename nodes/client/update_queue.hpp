#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/result.hpp"

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace troupe {

/// Between the connection that receives the updates of a stream and the thread that reads them. Bounded: a reader that
/// is too slow loses the stream, not the process its memory.
template <class T>
class update_queue {
public:
  explicit update_queue(size_t most_updates) : most_updates_{most_updates} {}

  void push(T x) {
    {
      std::lock_guard lock{mutex_};
      if (end_)
        return;
      if (updates_.size() < most_updates_)
        updates_.push_back(std::move(x));
      else
        end_ = error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the reader is too slow for the updates; watch again", true};
    }
    changed_.notify_one();
  }

  /// No more will come. What is queued can still be read; then this is the answer. The first call counts.
  void close(error why) {
    {
      std::lock_guard lock{mutex_};
      if (!end_)
        end_ = std::move(why);
    }
    changed_.notify_one();
  }

  /// The next one; nothing when the time is over before there is one.
  result<std::optional<T>> pop(milliseconds timeout) {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, timeout, [this] { return !updates_.empty() || end_; }))
      return std::nullopt;
    if (updates_.empty())
      return tl::unexpected(*end_);
    std::optional<T> next{std::move(updates_.front())};
    updates_.pop_front();
    return next;
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> updates_;
  std::optional<error> end_;
  size_t most_updates_;
};

} // namespace troupe
