#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

namespace troupe {

/// What an agent says of its failure: a text, or `{code, message, retryable}` (docs/agents.md). A code that troupe does
/// not know counts as `agent_failed` and goes into the message.
error read_agent_error(const json& said);

} // namespace troupe
