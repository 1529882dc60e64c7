#pragma once

#include "messages/workspace.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/team/workspace_feed.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct workspace_config {
  feed_limits feed;
  /// Requests that wait for the first state to become durable.
  size_t most_waiting = 256;
  /// Watchers that do not read have so long to hear of the end.
  milliseconds linger{30'000};
};

struct workspace_state {
  static inline constexpr const char* name = "workspace";

  using pointer = workspace_actor::stateful_pointer<workspace_state>;

  ~workspace_state();

  void start(pointer self, workspace_config config, std::string run_id, std::string step, caf::actor_addr parent);

  caf::result<v1::WorkspaceView> read(const v1::ReadWorkspace& request);
  caf::result<v1::Ack> watch(const workspace_watcher_actor& watcher);
  void seen(uint64_t seq, const workspace_watcher_actor& watcher);
  void begin(const workspace_begin& from);
  void news(const workspace_news& what);
  /// The run's coordinator is gone.
  void orphaned();
  void forget(const caf::actor_addr& watcher);

private:
  using view_promise = caf::typed_response_promise<v1::WorkspaceView>;
  using ack_promise = caf::typed_response_promise<v1::Ack>;

  result<void> add(const workspace_watcher_actor& watcher);
  void tell(std::vector<workspace_feed::notice> notices);
  void end_if_done();

  pointer self_ = nullptr;
  workspace_config config_;
  std::string run_id_;
  std::string step_;
  caf::actor_addr parent_;
  /// Once there is a state to show.
  std::optional<workspace_feed> feed_;
  std::vector<std::pair<v1::ReadWorkspace, view_promise>> early_readers_;
  std::vector<std::pair<workspace_watcher_actor, ack_promise>> early_watchers_;
  uint64_t last_watcher_ = 0;
  std::map<uint64_t, workspace_watcher_actor> watchers_;
  std::map<caf::actor_addr, uint64_t> names_;
};

/// Shows what `parent`, a run coordinator, tells it of one team of its run. Ends with the team, once all watchers know
/// that; or with `parent`: then watchers ask whoever takes the run up.
workspace_actor::behavior_type team_workspace(workspace_state::pointer self, workspace_config config,
                                              std::string run_id, std::string step, caf::actor_addr parent);

} // namespace troupe
