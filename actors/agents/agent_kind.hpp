#pragma once

#include "messages/agent.hpp"
#include "runtime/core/result.hpp"

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace prometheus {
class Registry;
}

namespace spdlog {
class logger;
}

namespace troupe {

/// Where agents report progress: their host.
using progress_sink_actor = caf::typed_actor<
    // May be dropped; only the newest of a task counts.
    caf::reacts_to<v1::TaskProgress>>;

/// Where members of teams do what they do in mid-turn: their host.
using operation_sink_actor = caf::typed_actor<
    // Answered when the team has; with ec::cancelled when the task has ended meanwhile. Bounded by the task's own time.
    caf::replies_to<v1::TaskOp>::with<v1::OpAnswer>>;

/// What a node gives to the agents that it hosts. Cheap to copy.
struct agent_context {
  /// Outlives every agent.
  caf::actor_system* system = nullptr;
  /// Name of the node.
  std::string node;
  std::shared_ptr<spdlog::logger> log;
  std::shared_ptr<prometheus::Registry> metrics;
  /// Null when nobody listens.
  progress_sink_actor progress;
  /// Null when nobody listens.
  operation_sink_actor operations;
};

/// Makes the agents of one kind. Called from the supervisors of agents, on any thread: must be safe to share.
class agent_factory {
public:
  virtual ~agent_factory() = default;

  /// Spawns one instance, which may get `spec.concurrency()` tasks at once. Never blocks. Fails with
  /// ERROR_CODE_INVALID_INPUT when `spec.config_json()` is not what the kind needs (naming the setting), with
  /// ERROR_CODE_NOT_FOUND when it names something that this node does not have.
  virtual result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const = 0;

  /// Whether an instance of `spec` works on one task at a time in the order in which it gets them, so that the host may
  /// give it some ahead; see host_core::learn.
  virtual bool serial(const v1::AgentSpec&) const {
    return false;
  }
};

/// The agent kinds that a node can run. Filled before the node starts, constant from then on.
class agent_kinds {
public:
  /// Replaces an earlier factory of the same kind.
  void add(std::string kind, std::shared_ptr<const agent_factory> factory);

  /// Null when the node does not run this kind.
  const agent_factory* find(std::string_view kind) const;

  /// Sorted.
  std::vector<std::string> names() const;

  /// Fails with ERROR_CODE_FORBIDDEN when the node does not run the kind, or as the factory does.
  result<agent_actor> spawn(const v1::AgentSpec& spec, const agent_context& context) const;

  /// As the factory says; false for a kind that the node does not run.
  bool serial(const v1::AgentSpec& spec) const;

private:
  std::map<std::string, std::shared_ptr<const agent_factory>, std::less<>> factories_;
};

} // namespace troupe
