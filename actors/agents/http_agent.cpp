#include "actors/agents/http_agent.hpp"

#include "actors/agents/http_session_agent.hpp"
#include "runtime/agents/http/http_agent_session.hpp"
#include "runtime/agents/json_text.hpp"

#include <utility>

namespace troupe {

namespace {

class http_agents final : public agent_factory {
public:
  explicit http_agents(http_services services) : services_{std::move(services)} {}

  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const override {
    auto place = "agent \"" + spec.name() + "\": ";
    auto config = parse_payload(spec.config_json());
    if (!config)
      return fail(v1::ERROR_CODE_INVALID_INPUT, place + config.error().message);
    auto parsed = http_agent_settings::parse(*config);
    if (!parsed)
      return fail(parsed.error().code, place + parsed.error().message);
    auto key = find_api_key(parsed->api_key_env, parsed->api_key_file, services_.lookup);
    if (!key)
      return fail(key.error().code, place + key.error().message);
    http_session_agent_config agent;
    agent.transport = services_.transport;
    agent.time = services_.time;
    agent.progress = context.progress;
    agent.make_session = [settings = std::make_shared<const http_agent_settings>(std::move(*parsed)),
                          api_key = std::move(*key), time = services_.time](const v1::Task& task) {
      return std::make_unique<http_agent_session>(settings, api_key, task, *time);
    };
    return caf::actor_cast<agent_actor>(context.system->spawn(http_session_agent, std::move(agent)));
  }

private:
  http_services services_;
};

} // namespace

std::shared_ptr<const agent_factory> make_http_agents(http_services services) {
  return std::make_shared<http_agents>(std::move(services));
}

} // namespace troupe
