#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe {

/// Which of the ticks that an actor has sent to itself counts: the last. A tick cannot be taken back when an earlier
/// one is wanted, and one that is late must not arm the next: there would be one more of them each time, for as long as
/// anything is due.
class tick_alarm {
public:
  /// No tick is sent for later than that: what has been armed for something earlier since is gone by then, and a clock
  /// that jumps leaves nothing asleep for ever. Who is woken early arms anew.
  static constexpr std::chrono::seconds longest{60};

  /// The number of the tick to be sent for that time, on whatever clock; nothing where one for then or before is on its
  /// way.
  std::optional<uint64_t> arm(int64_t due) {
    if (due_ && *due_ <= due)
      return std::nullopt;
    due_ = due;
    return ++number_;
  }

  /// A tick has come. False: it does not count.
  bool rings(uint64_t number) {
    if (number != number_ || !due_)
      return false;
    due_.reset();
    return true;
  }

private:
  std::optional<int64_t> due_;
  uint64_t number_ = 0;
};

} // namespace troupe
