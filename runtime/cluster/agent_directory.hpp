#pragma once

#include "troupe/v1/cluster.pb.h"

namespace troupe {

/// Whether an agent is what the query asks for: every condition that is given holds.
bool matches(const v1::AgentAdvert& agent, const v1::FindAgents& query);

/// The agents that living nodes bring along and that match, by node and name.
v1::AgentList find_agents(const v1::NodeList& nodes, const v1::FindAgents& query);

} // namespace troupe
