#pragma once

#include "actors/agents/agent_kind.hpp"
#include "actors/agents/http_services.hpp"

#include <memory>

namespace troupe {

/// The kind `llm`: each task is a conversation with an OpenAI-compatible server, see llm_session. With a cassette in
/// mode `replay`, or in mode `auto` on a node that knows no server, nothing leaves the process.
std::shared_ptr<const agent_factory> make_llm_agents(http_services services);

} // namespace troupe
