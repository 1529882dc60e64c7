#pragma once

#include "messages/aggregator.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace troupe {

struct aggregator_state {
  static inline constexpr const char* name = "aggregator";

  /// The answer to one request; never throws for what a document or an agent can cause.
  static v1::TaskResult answer(const aggregation_request& request);
};

/// One per coordinator node, shared by all its runs; lives until the node stops.
aggregator_actor::behavior_type aggregator(aggregator_actor::stateful_pointer<aggregator_state> self);

} // namespace troupe
