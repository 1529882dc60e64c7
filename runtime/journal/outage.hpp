#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe {

/// Who waits for a journal that does not take what it is given. An outage lasts from the first who waits until nobody
/// does, so that it can be told as one thing, however many wait and however often they try. Times are of one steady
/// clock. Holds a name for each who waited.
class outage {
public:
  /// True when nobody waited before: an outage has begun.
  bool waits(const std::string& who, int64_t now_ms) {
    auto begins = waiting_ == 0;
    if (begins)
      began_ms_ = now_ms;
    auto& is_waiting = who_[who];
    waiting_ += is_waiting ? 0 : 1;
    is_waiting = true;
    return begins;
  }

  struct summary {
    /// How many waited, and how long there was somebody who did.
    size_t waited = 0;
    int64_t took_ms = 0;
  };

  /// It goes on, or is gone. Yields what has been once nobody waits any more; nothing for who did not wait.
  std::optional<summary> waits_no_more(const std::string& who, int64_t now_ms) {
    auto i = who_.find(who);
    if (i == who_.end() || !i->second)
      return std::nullopt;
    i->second = false;
    if (--waiting_ > 0)
      return std::nullopt;
    summary out{who_.size(), now_ms - began_ms_};
    who_.clear();
    return out;
  }

private:
  /// Whether it waits now.
  std::unordered_map<std::string, bool> who_;
  size_t waiting_ = 0;
  int64_t began_ms_ = 0;
};

} // namespace troupe
