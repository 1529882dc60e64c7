#pragma once

#include "messages/type_ids.hpp"
#include "runtime/aggregation/aggregate.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <vector>

namespace troupe {

/// An AGGREGATOR: turns the results of a fan-out into one, off the run coordinator's thread.
using aggregator_actor = caf::typed_actor<
    // The result is addressed like any task's: (run, task, attempt, epoch) of the request. A failure of the strategy
    // (a score that is no number, say) is a result with an error.
    caf::replies_to<aggregation_request_ptr>::with<v1::TaskResult>>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::aggregation_request_ptr)
