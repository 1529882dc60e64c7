#pragma once

#include "messages/journal.hpp"

#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

/// Events on their way to a journal that keeps nothing beyond the process. Nobody waits for those, so they need no
/// message each: the journal takes them before it answers any question, and now and then. What a run has put here is
/// not lost with it. Shared by all runs of a coordinator and the journal; safe to use from all threads.
class journal_backlog {
public:
  /// What the journal is to be told, if anything.
  std::optional<take_backlog> add(append_events_ptr events) {
    std::lock_guard guard{lock_};
    waiting_.push_back(std::move(events));
    if (waiting_.size() == 1)
      return take_backlog{.now = false};
    // While they are still in a cache.
    if (waiting_.size() % many == 0)
      return take_backlog{.now = true};
    return std::nullopt;
  }

  std::vector<append_events_ptr> take() {
    std::lock_guard guard{lock_};
    return std::exchange(waiting_, {});
  }

private:
  static constexpr size_t many = 64;

  std::mutex lock_;
  std::vector<append_events_ptr> waiting_;
};

} // namespace troupe
