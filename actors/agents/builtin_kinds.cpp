#include "actors/agents/builtin_kinds.hpp"

#include "actors/agents/lua_kind.hpp"

namespace troupe {

std::shared_ptr<agent_kinds> make_builtin_kinds(std::shared_ptr<const agent_catalog> catalog) {
  auto out = std::make_shared<agent_kinds>();
  out->add("function", std::make_shared<function_kind>(std::move(catalog)));
  out->add("lua", std::make_shared<lua_kind>());
  return out;
}

} // namespace troupe
