#include "runtime/cluster/agent_directory.hpp"

#include <algorithm>

namespace troupe {

bool matches(const v1::AgentAdvert& agent, const v1::FindAgents& query) {
  if (!query.name().empty() && query.name() != agent.name())
    return false;
  if (!query.kind().empty() && query.kind() != agent.kind())
    return false;
  auto& capabilities = agent.capabilities();
  if (!query.capability().empty()
      && std::find(capabilities.begin(), capabilities.end(), query.capability()) == capabilities.end())
    return false;
  return std::all_of(query.labels().begin(), query.labels().end(), [&](auto& wanted) {
    auto i = agent.labels().find(wanted.first);
    return i != agent.labels().end() && i->second == wanted.second;
  });
}

v1::AgentList find_agents(const v1::NodeList& nodes, const v1::FindAgents& query) {
  v1::AgentList out;
  for (auto& node : nodes.nodes()) {
    if (node.state() == v1::NODE_STATE_LOST || node.state() == v1::NODE_STATE_LEFT)
      continue;
    for (auto& agent : node.info().agents()) {
      if (!matches(agent, query))
        continue;
      auto& found = *out.add_agents();
      *found.mutable_agent() = agent;
      found.set_node(node.info().name());
      found.set_node_state(node.state());
    }
  }
  std::sort(out.mutable_agents()->begin(), out.mutable_agents()->end(), [](auto& a, auto& b) {
    return std::tie(a.node(), a.agent().name()) < std::tie(b.node(), b.agent().name());
  });
  return out;
}

} // namespace troupe
