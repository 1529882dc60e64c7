#pragma once

#include "actors/agents/agent_kind.hpp"
#include "runtime/agents/function/function_registry.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// Spawns an actor that somebody wrote for their own needs. Same contract as agent_factory::spawn.
using custom_agent = std::function<result<agent_actor>(const v1::AgentSpec&, const agent_context&)>;

/// What a program adds to the node that it is: C++ functions and actors, found by agents of kind `function` under their
/// names. Filled before the node starts.
class agent_catalog {
public:
  function_registry& functions() {
    return functions_;
  }

  const function_registry& functions() const {
    return functions_;
  }

  /// A later one of the same name replaces an earlier one.
  void add_actor(std::string name, custom_agent spawn) {
    actors_.insert_or_assign(std::move(name), std::move(spawn));
  }

  /// Null when there is none of that name.
  const custom_agent* find_actor(std::string_view name) const {
    auto i = actors_.find(name);
    return i == actors_.end() ? nullptr : &i->second;
  }

  /// Of functions and actors, sorted.
  std::vector<std::string> names() const;

private:
  function_registry functions_;
  std::map<std::string, custom_agent, std::less<>> actors_;
};

/// Kind `function`: settings `function` (a name in the catalog; default: the agent's own name) and `config` (an object
/// for the function's maker).
class function_kind final : public agent_factory {
public:
  explicit function_kind(std::shared_ptr<const agent_catalog> catalog) : catalog_{std::move(catalog)} {}

  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const override;
  bool serial(const v1::AgentSpec& spec) const override;

private:
  std::shared_ptr<const agent_catalog> catalog_;
};

} // namespace troupe
