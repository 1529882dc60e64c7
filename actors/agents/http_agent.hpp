#pragma once

#include "actors/agents/agent_kind.hpp"
#include "actors/agents/http_services.hpp"

#include <memory>

namespace troupe {

/// The kind `http`: each task is one request to a URL, see http_agent_session.
std::shared_ptr<const agent_factory> make_http_agents(http_services services);

} // namespace troupe
