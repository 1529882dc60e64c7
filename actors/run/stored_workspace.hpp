#pragma once

#include "messages/journal.hpp"
#include "messages/workspace.hpp"
#include "runtime/core/clock.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace troupe {

/// Answers one question about a workspace that no run coordinator of this node has in hand, from the journal, and ends.
/// An actor of its own, because it reads the run's whole past again.
stored_workspace_actor::behavior_type stored_workspace(stored_workspace_actor::pointer self, journal_actor journal,
                                                       milliseconds timeout);

} // namespace troupe
