#pragma once

#include "runtime/core/result.hpp"
#include "runtime/team/workspace.hpp"
#include "troupe/v1/workspace.pb.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

struct feed_limits {
  size_t most_watchers = 64;
  /// What one watcher may be told ahead of what it has dealt with; one update always, however large it is.
  size_t updates_ahead = 64;
  size_t bytes_ahead = size_t{1} << 20;
};

/// One team's workspace for those who read and watch it, kept equal to that of the run by its changes. Pure. What a
/// watcher hears is complete and in order: the document, then every change. One that falls behind hears nothing until
/// it has dealt with what it has, and then the document anew: nobody keeps a queue for it.
class workspace_feed {
public:
  struct notice {
    uint64_t watcher = 0;
    v1::WorkspaceUpdate update;
  };

  workspace_feed(std::string run_id, std::string step, workspace from, feed_limits limits = {});

  result<v1::WorkspaceView> read(const v1::ReadWorkspace& what) const;

  /// `watcher` is a name of the caller's. Fails with ERROR_CODE_RESOURCE_EXHAUSTED when there are too many.
  result<void> watch(uint64_t watcher, std::vector<notice>& out);
  void forget(uint64_t watcher);

  void apply(const workspace_change& change, int64_t at_ms, std::vector<notice>& out);

  /// The watcher has dealt with everything up to `seq`.
  void seen(uint64_t watcher, uint64_t seq, std::vector<notice>& out);

  bool ended() const {
    return now_.ended().has_value();
  }

  /// The team has ended, and everybody has been told.
  bool done() const {
    return ended() && watchers_.empty();
  }

private:
  struct watcher {
    /// Sent and not yet dealt with: numbers and sizes.
    std::deque<std::pair<uint64_t, size_t>> ahead;
    size_t bytes = 0;
    bool behind = false;
  };

  bool has_room(const watcher& x, size_t bytes) const;
  static void tell(uint64_t name, watcher& x, v1::WorkspaceUpdate update, std::vector<notice>& out);
  /// The document, and where the team has ended that it has.
  void tell_all(uint64_t name, watcher& x, std::vector<notice>& out);
  v1::WorkspaceUpdate named(v1::WorkspaceUpdate x) const;

  std::string run_id_;
  std::string step_;
  workspace now_;
  feed_limits limits_;
  std::map<uint64_t, watcher> watchers_;
};

} // namespace troupe
