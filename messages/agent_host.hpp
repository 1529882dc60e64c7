#pragma once

#include "messages/result_sink.hpp"
#include "messages/task_batch.hpp"
#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// An AGENT HOST: runs tasks on the agents of one node. Local to the caller, or a link that stands for the host of
/// another process; the caller cannot tell.
using agent_host_actor = caf::typed_actor<
    // Takes tasks; each is answered with exactly one result to the sink, be it `rejected`. The same (run, task,
    // attempt) sent twice runs once.
    caf::reacts_to<task_batch, result_sink_actor>,
    // Stops tasks; their results (cancelled or finished) still come.
    caf::reacts_to<v1::CancelBatch>,
    // To agents that wait for what became of their operations. Lost when the task has ended.
    caf::reacts_to<v1::OpAnswerBatch>,
    // Finishes what runs and rejects everything new. Never fails.
    caf::replies_to<v1::DrainNode>::with<v1::Ack>>;

} // namespace troupe
