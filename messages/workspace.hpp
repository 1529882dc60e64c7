#pragma once

#include "messages/type_ids.hpp"
#include "runtime/team/workspace.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace troupe {

/// Somebody who follows a team's workspace, until an update says `ended`. It acknowledges what it has dealt with
/// (v1::WorkspaceSeen) to whoever sent it, or soon hears no more.
using workspace_watcher_actor = caf::typed_actor<caf::reacts_to<v1::WorkspaceUpdate>>;

/// From the run: the workspace as it is, and what has changed since. Only what is durable. Never leave the process.
struct workspace_begin {
  /// A copy of the receiver's own.
  std::shared_ptr<const workspace> now;
};
struct workspace_news {
  int64_t at_ms = 0;
  std::vector<workspace_change> changes;
};

/// A workspace's note to itself: nobody waits for watchers that have stopped reading.
struct workspace_linger_tick {};

/// The WORKSPACE of a team, for all who are not its members: one actor for each team of a run that somebody has asked
/// for. What it shows is durable, and the same that a replay of the journal gives.
using workspace_actor = caf::typed_actor<
    // The whole document, or an artifact at a version with its author and history. Fails with ec::not_found,
    // ec::invalid_input, ec::resource_exhausted (too many ask before the first state is durable), ec::unavailable (the
    // run's coordinator ended).
    caf::replies_to<v1::ReadWorkspace>::with<v1::WorkspaceView>,
    // Sends the document, then each change, in order and without gaps; one that does not keep up gets a new document in
    // place of what it missed. Fails with ec::resource_exhausted.
    caf::replies_to<v1::WatchWorkspace, workspace_watcher_actor>::with<v1::Ack>,
    // From a watcher.
    caf::reacts_to<v1::WorkspaceSeen, workspace_watcher_actor>,
    // From its run coordinator.
    caf::reacts_to<workspace_begin>, caf::reacts_to<workspace_news>, caf::reacts_to<workspace_linger_tick>>;

/// A workspace as the journal has it, for one question.
using stored_workspace_actor = caf::typed_actor<
    // As above; also ec::store. What is ec::not_found may be retryable: then the team has not begun yet.
    caf::replies_to<v1::ReadWorkspace>::with<v1::WorkspaceView>,
    // Of a team that has ended: its document and its end.
    caf::replies_to<v1::WatchWorkspace, workspace_watcher_actor>::with<v1::Ack>>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::workspace_begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::workspace_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::workspace_linger_tick)
