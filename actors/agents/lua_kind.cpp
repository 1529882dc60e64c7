#include "actors/agents/lua_kind.hpp"

#include "actors/agents/function_pool.hpp"
#include "actors/agents/spec_config.hpp"
#include "runtime/agents/lua/lua_function.hpp"

namespace troupe {

result<agent_actor> lua_kind::spawn(const v1::AgentSpec& spec, const agent_context& context) const {
  auto settings = spec_config(spec);
  if (!settings)
    return tl::unexpected<error>(settings.error());
  auto script = text_setting(spec, *settings, "script");
  if (!script)
    return tl::unexpected<error>(script.error());
  auto function_text = *script;
  function_registry::entry function;
  function.make = [text = std::move(*script), name = spec.name()](const json&) {
    auto out = lua_function::make(text);
    if (!out)
      out.error().message = "agent \"" + name + "\": " + out.error().message;
    return out;
  };
  function.options.blocking = lua_function::waits(function_text);
  return spawn_function_pool(spec, context, function, *settings);
}

bool lua_kind::serial(const v1::AgentSpec& spec) const {
  auto settings = spec_config(spec);
  auto script =
      settings ? text_setting(spec, *settings, "script") : result<std::string>{tl::unexpected(settings.error())};
  return script && spec.concurrency() <= 1 && !lua_function::waits(*script);
}

} // namespace troupe
