#include "actors/agents/builtin_kinds.hpp"

#include "actors/agents/http_agent.hpp"
#include "actors/agents/http_services.hpp"
#include "actors/agents/llm_agent.hpp"
#include "actors/agents/lua_kind.hpp"
#include "actors/agents/process_agent.hpp"
#include "actors/agents/process_io.hpp"

namespace troupe {

std::shared_ptr<agent_kinds> make_builtin_kinds(std::shared_ptr<const agent_catalog> catalog) {
  auto out = std::make_shared<agent_kinds>();
  out->add("function", std::make_shared<function_kind>(std::move(catalog)));
  out->add("lua", std::make_shared<lua_kind>());
  auto services = http_services::of_this_process();
  out->add("http", make_http_agents(services));
  out->add("llm", make_llm_agents(services));
  out->add("process", make_process_agents(make_process_io()));
  return out;
}

} // namespace troupe
