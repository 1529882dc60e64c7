#include "actors/agents/agent_catalog.hpp"

#include "actors/agents/function_pool.hpp"
#include "actors/agents/spec_config.hpp"

#include <set>

namespace troupe {

std::vector<std::string> agent_catalog::names() const {
  auto functions = functions_.names();
  std::set<std::string> out(functions.begin(), functions.end());
  for (auto& entry : actors_)
    out.insert(entry.first);
  return {out.begin(), out.end()};
}

result<agent_actor> function_kind::spawn(const v1::AgentSpec& spec, const agent_context& context) const {
  auto settings = spec_config(spec);
  if (!settings)
    return tl::unexpected<error>(settings.error());
  auto name = text_setting(spec, *settings, "function", spec.name());
  if (!name)
    return tl::unexpected<error>(name.error());
  if (auto* actor = catalog_->find_actor(*name))
    return (*actor)(spec, context);
  auto* function = catalog_->functions().find(*name);
  if (!function)
    return fail(v1::ERROR_CODE_NOT_FOUND,
                "agent \"" + spec.name() + "\": node " + context.node + " has no function \"" + *name + "\"");
  auto config = settings->find("config");
  return spawn_function_pool(spec, context, *function, config == settings->end() ? json::object() : *config);
}

bool function_kind::serial(const v1::AgentSpec& spec) const {
  auto settings = spec_config(spec);
  if (!settings)
    return false;
  auto name = text_setting(spec, *settings, "function", spec.name());
  if (!name || catalog_->find_actor(*name))
    return false;
  auto* function = catalog_->functions().find(*name);
  return function && is_single_function(spec, *function);
}

} // namespace troupe
