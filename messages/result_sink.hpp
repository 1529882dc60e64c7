#pragma once

#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// Where an agent host sends what its agents produce: the dispatcher on the same node, or the link to the
/// coordinator's node.
using result_sink_actor = caf::typed_actor<
    // Results in any order, each for a task that this sink sent.
    caf::reacts_to<v1::ResultBatch>,
    // Signs of progress; may be dropped.
    caf::reacts_to<v1::ProgressBatch>,
    // What members of teams do in mid-turn. Each is answered by an OpAnswerBatch to the host, unless the task ends.
    caf::reacts_to<v1::OpBatch>>;

} // namespace troupe
