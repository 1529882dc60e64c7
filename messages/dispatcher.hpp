#pragma once

#include "messages/agent_host.hpp"
#include "messages/result_sink.hpp"
#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// Who gets the outcome of dispatched tasks: a run coordinator, or a client's single request.
using task_owner_actor =
    caf::typed_actor<caf::reacts_to<v1::ResultBatch>, caf::reacts_to<v1::ProgressBatch>,
                     // What members of teams do in mid-turn; answered by an OpAnswerBatch to the dispatcher.
                     caf::reacts_to<v1::OpBatch>,
                     // The node or agent that had the attempt is gone; send the task again with attempt + 1.
                     caf::reacts_to<v1::TaskLost>>;

/// The DISPATCHER: brings tasks to hosts. It holds the queues, counts the credits of each node, places by load and
/// trips the circuit breakers.
using dispatcher_actor = caf::typed_actor<
    // Queues tasks. Each ends in exactly one result or TaskLost to the owner, unless the owner cancels it or dies.
    caf::reacts_to<task_batch, task_owner_actor>,
    // Takes tasks out of the queue, or tells their host to stop.
    caf::reacts_to<v1::CancelBatch>,
    // From hosts.
    caf::reacts_to<v1::ResultBatch>, caf::reacts_to<v1::ProgressBatch>, caf::reacts_to<v1::OpBatch>,
    // From owners: to the host where the attempt runs. Lost when it runs nowhere.
    caf::reacts_to<v1::OpAnswerBatch>,
    // From the registry: a node came or changed (state, capacity, agents); its host is the second element.
    caf::reacts_to<v1::NodeStatus, agent_host_actor>,
    // From the registry: a node is gone; what it had is lost.
    caf::reacts_to<v1::LeaveCluster>>;

} // namespace troupe
