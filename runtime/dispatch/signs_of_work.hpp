#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

/// What a node lets see of its work on one agent's tasks, and so: by when an attempt must have been answered.
///
/// A time limit counts from the moment that the agent begins, and only the node knows when that is. But hosts begin
/// with an agent's tasks in order (of priority, then arrival), so two things follow from what they answer:
///
/// - An attempt that one of no higher priority has overtaken has begun, or waits at an instance behind one that has:
///   within that one's limit and its own it is answered.
/// - While any attempts are outstanding the agent works on one of them, and answers within the longest of their limits:
///   a node that is silent for longer works on none.
class signs_of_work {
public:
  /// One more attempt; yields its number. `limit_ms` 0 = none.
  uint64_t sent(uint32_t limit_ms) {
    if (outstanding_++ == 0)
      longest_ms_ = 0;
    longest_ms_ = limit_ms == 0 ? std::nullopt
                  : longest_ms_ ? std::optional{std::max<int64_t>(*longest_ms_, limit_ms)}
                                : std::nullopt;
    return ++last_;
  }

  /// `began`: the agent has worked on it (it was not turned away).
  void answered(uint64_t number, int32_t priority, bool began, int64_t now_ms) {
    heard_ms_ = std::max(heard_ms_, now_ms);
    if (!began)
      return;
    auto i = std::find_if(newest_.begin(), newest_.end(), [&](const auto& x) { return x.first == priority; });
    if (i == newest_.end())
      newest_.emplace_back(priority, number);
    else
      i->second = std::max(i->second, number);
  }

  /// It is no longer outstanding here, answered or not.
  void left() {
    --outstanding_;
  }

  /// Whether one of no higher priority that was sent later has been answered since the last `forget`.
  bool overtook(uint64_t number, int32_t priority) const {
    return std::any_of(newest_.begin(), newest_.end(),
                       [&](const auto& x) { return x.first <= priority && x.second > number; });
  }

  /// Once all that are outstanding have been asked about.
  void forget() {
    newest_.clear();
  }

  /// The last answer; INT64_MIN before the first.
  int64_t heard_ms() const {
    return heard_ms_;
  }

  /// The longest limit of those outstanding, or of some before them; nothing where one has none.
  std::optional<int64_t> longest_ms() const {
    return longest_ms_;
  }

private:
  size_t outstanding_ = 0;
  uint64_t last_ = 0;
  int64_t heard_ms_ = INT64_MIN;
  std::optional<int64_t> longest_ms_ = 0;
  /// By priority: the number of the newest that was answered.
  std::vector<std::pair<int32_t, uint64_t>> newest_;
};

} // namespace troupe
