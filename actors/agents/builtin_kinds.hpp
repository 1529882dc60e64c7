#pragma once

#include "actors/agents/agent_catalog.hpp"
#include "actors/agents/agent_kind.hpp"

#include <memory>

namespace troupe {

/// The kinds that every node has, over what the program added.
std::shared_ptr<agent_kinds> make_builtin_kinds(std::shared_ptr<const agent_catalog> catalog);

} // namespace troupe
