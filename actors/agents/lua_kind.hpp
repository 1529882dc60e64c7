#pragma once

#include "actors/agents/agent_kind.hpp"

namespace troupe {

/// Kind `lua`: setting `script` (required). Runs on the scheduler's threads: the budget of a script (a million
/// instructions) is a few milliseconds.
class lua_kind final : public agent_factory {
public:
  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const override;
  bool serial(const v1::AgentSpec& spec) const override;
};

} // namespace troupe
