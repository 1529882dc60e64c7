#pragma once

#include "runtime/workflow/agent_definition.hpp"
#include "troupe/v1/agent.pb.h"

namespace troupe {

/// What travels of an agent's definition with its tasks.
v1::AgentSpec to_spec(const agent_definition& agent);

} // namespace troupe
