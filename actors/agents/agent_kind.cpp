#include "actors/agents/agent_kind.hpp"

#include <utility>

namespace troupe {

void agent_kinds::add(std::string kind, std::shared_ptr<const agent_factory> factory) {
  factories_.insert_or_assign(std::move(kind), std::move(factory));
}

const agent_factory* agent_kinds::find(std::string_view kind) const {
  auto i = factories_.find(kind);
  return i == factories_.end() ? nullptr : i->second.get();
}

std::vector<std::string> agent_kinds::names() const {
  std::vector<std::string> out;
  for (auto& entry : factories_)
    out.push_back(entry.first);
  return out;
}

result<agent_actor> agent_kinds::spawn(const v1::AgentSpec& spec, const agent_context& context) const {
  if (auto* factory = find(spec.kind()))
    return factory->spawn(spec, context);
  std::string known;
  for (auto& name : names())
    known += (known.empty() ? "" : ", ") + name;
  return fail(v1::ERROR_CODE_FORBIDDEN, "agent \"" + spec.name() + "\": node " + context.node
                                            + " runs no agents of kind \"" + spec.kind() + "\" (it runs: " + known
                                            + ")");
}

bool agent_kinds::serial(const v1::AgentSpec& spec) const {
  auto* factory = find(spec.kind());
  return factory != nullptr && factory->serial(spec);
}

} // namespace troupe
