#pragma once

#include "tests/support/patience.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

namespace troupe::test {

/// What other threads have reported, for a test to wait on; never longer than its patience.
template <class T>
class mailbox {
public:
  void put(T x) {
    // Under the lock: whoever has taken it may let this go at once.
    std::lock_guard guard{mutex_};
    items_.push_back(std::move(x));
    arrived_.notify_all();
  }

  std::optional<T> take(std::chrono::milliseconds limit = patience) {
    std::unique_lock guard{mutex_};
    if (!arrived_.wait_for(guard, limit, [this] { return !items_.empty(); }))
      return std::nullopt;
    auto out = std::move(items_.front());
    items_.pop_front();
    return out;
  }

private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> items_;
};

} // namespace troupe::test
