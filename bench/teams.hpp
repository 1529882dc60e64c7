#pragma once

#include "runtime/core/json.hpp"

#include <cstddef>
#include <string>

namespace troupe {
class agent_catalog;
}

namespace troupe::bench {

/// The members of teams: `reviser` reads the shared document and writes its next version, `asker` asks a teammate again
/// and again and yields how long each answer took (seconds), `answerer` answers.
void add_team_agents(agent_catalog& catalog);

/// What four members pass around: 1.4 kB of JSON.
json shared_document();

/// What a member makes of it.
void revise(json& document);

} // namespace troupe::bench
