#pragma once

#include "actors/link/link_connection.hpp"
#include "messages/workspace.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace troupe {

/// A client's eye on a workspace.
using workspace_watch_actor = workspace_watcher_actor::extend<
    // From the client: what it has dealt with.
    caf::reacts_to<v1::WorkspaceSeen>>;

struct workspace_watch_state {
  static inline constexpr const char* name = "workspace-watch";

  // No aggregate: CAF would initialise the first member with the actor.
  workspace_watch_state() = default;

  /// Who tells us; from the first update on.
  workspace_actor source;
};

/// Sends what it hears over `link`, as answers to `request`, until the team has ended. Where whoever tells us goes away
/// before, the client hears that it must ask again (unavailable).
workspace_watch_actor::behavior_type
workspace_watch(workspace_watch_actor::stateful_pointer<workspace_watch_state> self, link_ptr link, uint64_t request);

} // namespace troupe
