#include "actors/run/agent_specs.hpp"

namespace troupe {

v1::AgentSpec to_spec(const agent_definition& agent) {
  v1::AgentSpec spec;
  spec.set_name(agent.name);
  spec.set_kind(agent.kind);
  spec.set_hash(agent.hash);
  spec.set_config_json(agent.config.dump());
  for (const auto& capability : agent.capabilities)
    spec.add_capabilities(capability);
  for (const auto& [key, value] : agent.labels)
    (*spec.mutable_labels())[key] = value;
  spec.set_concurrency(agent.concurrency);
  spec.set_replicas(agent.replicas);
  spec.set_max_concurrent(agent.max_concurrent);
  auto* breaker = spec.mutable_breaker();
  breaker->set_failure_ratio(agent.breaker.failure_ratio);
  breaker->set_window(agent.breaker.window);
  breaker->set_open_for_ms(static_cast<uint32_t>(agent.breaker.open_for.count()));
  return spec;
}

agent_specs_ptr specs_of(const workflow& definition) {
  auto out = std::make_shared<std::map<std::string, agent_spec_ptr>>();
  for (const auto& [name, agent] : definition.agents)
    out->emplace(name, std::make_shared<const v1::AgentSpec>(to_spec(agent)));
  return out;
}

} // namespace troupe
