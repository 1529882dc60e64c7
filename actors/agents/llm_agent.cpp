#include "actors/agents/llm_agent.hpp"

#include "actors/agents/http_session_agent.hpp"
#include "actors/agents/llm_cassette.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/agents/llm/llm_session.hpp"

#include <utility>

namespace troupe {

namespace {

using cassette_mode = llm_cassette_settings::mode_type;

/// Stands in the requests of an agent that only plays back.
constexpr const char* no_server = "http://cassette.invalid/v1";

class llm_agents final : public agent_factory {
public:
  explicit llm_agents(http_services services) : services_{std::move(services)} {}

  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const override {
    auto out = start(spec, context);
    if (!out)
      return fail(out.error().code, "agent \"" + spec.name() + "\": " + out.error().message);
    return out;
  }

private:
  result<agent_actor> start(const v1::AgentSpec& spec, const agent_context& context) const {
    auto config = parse_payload(spec.config_json());
    if (!config)
      return tl::unexpected<error>(config.error());
    auto parsed = llm_settings::parse(*config);
    if (!parsed)
      return tl::unexpected<error>(parsed.error());
    auto settings = std::make_shared<const llm_settings>(std::move(*parsed));
    auto found = find_llm_endpoint(*settings, services_.lookup);
    auto transport = services_.transport;
    if (auto& cassette = settings->cassette) {
      auto plays_only =
          cassette->mode == cassette_mode::replay || (cassette->mode == cassette_mode::automatic && !found);
      auto tape = tapes_.open(cassette->file, !plays_only);
      if (!tape && cassette->mode == cassette_mode::automatic && !found)
        return tl::unexpected<error>(found.error());
      if (!tape)
        return tl::unexpected<error>(tape.error());
      if (plays_only)
        found = llm_endpoint{no_server, {}};
      if (found)
        transport = plays_only ? make_llm_player(std::move(*tape))
                               : make_llm_recorder(std::move(*tape), transport, found->api_key,
                                                   cassette->mode == cassette_mode::automatic, context.log);
    }
    if (!found)
      return tl::unexpected<error>(found.error());
    http_session_agent_config agent;
    agent.transport = std::move(transport);
    agent.time = services_.time;
    agent.progress = context.progress;
    agent.operations = context.operations;
    agent.make_session = [settings, endpoint = std::make_shared<const llm_endpoint>(std::move(*found)),
                          time = services_.time](const v1::Task& task) {
      return std::make_unique<llm_session>(settings, endpoint, task, *time);
    };
    return caf::actor_cast<agent_actor>(context.system->spawn(http_session_agent, std::move(agent)));
  }

  http_services services_;
  /// Instances that use the same file share it.
  mutable llm_tapes tapes_;
};

} // namespace

std::shared_ptr<const agent_factory> make_llm_agents(http_services services) {
  return std::make_shared<llm_agents>(std::move(services));
}

} // namespace troupe
