#pragma once

#include "runtime/core/json.hpp"
#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/agent.pb.h"

#include <cstddef>

namespace troupe::bench {

/// Throws with the diagnostics when the document is not valid.
workflow_ptr compile(const json& document);

/// A fan-out over `$.input.items` to one agent that does nothing.
json fan_workflow();
json fan_input(size_t tasks);

/// Ten steps, each of which reads the one before. `pure`: a step need not wait until the one before it is durable.
json pipeline_workflow(bool pure = false);

/// A fan-out over `$.input.items` to agents that wait 100 ms each.
json sleep_workflow();

/// The agent of fan_workflow as a node gets it.
v1::AgentSpec noop_spec();

} // namespace troupe::bench
