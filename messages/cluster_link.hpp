#pragma once

#include "messages/result_sink.hpp"
#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// A CLUSTER LINK: keeps a worker's process a member of one coordinator's cluster. To the local agent host it is where
/// that coordinator's results go.
using cluster_link_actor = result_sink_actor::extend<
    // This node takes nothing new from now on; the coordinator hears it at once. Never fails.
    caf::replies_to<v1::DrainNode>::with<v1::Ack>,
    // Says goodbye, waits for the coordinator's answer (not for long) and ends. Never fails.
    caf::replies_to<v1::LeaveCluster>::with<v1::Ack>>;

} // namespace troupe
