#pragma once

#include "actors/link/link_connection.hpp"
#include "messages/coordinator.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace troupe {

/// A client's end of the stream of one run: passes each update on as an answer to `request`, and ends with the run.
/// Ends the link of a client that does not read.
run_watcher_actor::behavior_type run_watch(run_watcher_actor::pointer self, link_ptr link, uint64_t request);

} // namespace troupe
