#pragma once

#include "messages/agent_host.hpp"
#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// The REGISTRY: which nodes there are, how they are, and which agents they offer. It watches their heartbeats and
/// tells the dispatcher of every change.
using registry_actor = caf::typed_actor<
    // A node comes (back) with the handle of its host. A second life of the same name replaces the first. Fails with
    // ec::already_exists while another living node holds the name, ec::invalid_input on a malformed NodeInfo.
    caf::replies_to<v1::JoinCluster, agent_host_actor>::with<v1::JoinedCluster>,
    // A sign of life. Fails with ec::fenced when this life of the node is not (or no longer) a member: it must join
    // again.
    caf::replies_to<v1::Heartbeat>::with<v1::HeartbeatAck>,
    // A node leaves on its own; its tasks are lost at once.
    caf::replies_to<v1::LeaveCluster>::with<v1::Ack>,
    // No new tasks for a node. Fails with ec::not_found.
    caf::replies_to<v1::DrainNode>::with<v1::Ack>, caf::replies_to<v1::ListNodes>::with<v1::NodeList>,
    caf::replies_to<v1::FindAgents>::with<v1::AgentList>>;

} // namespace troupe
