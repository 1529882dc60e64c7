#pragma once

#include "actors/agents/agent_kind.hpp"
#include "messages/agent_host.hpp"
#include "messages/supervisor.hpp"
#include "runtime/host/host_types.hpp"
#include "troupe/v1/agent.pb.h"

#include <caf/actor_system.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace troupe {

struct agent_host_config {
  host_limits limits;
  /// The node's own agents, found by name: what it advertises.
  std::vector<v1::AgentSpec> agents;
  /// Least time between two signs of progress of one task that are passed on.
  milliseconds progress_interval{100};
  /// For starting and stopping children of a supervisor.
  milliseconds supervisor_timeout{10'000};
};

/// The neighbours of an agent host.
struct agent_host_neighbours {
  std::shared_ptr<const agent_kinds> kinds;
  /// Given to every agent, with the host itself as `progress`.
  agent_context context;
  /// The supervisor of all agents of the node. Under it, each agent gets a supervisor of its own as a temporary child,
  /// so that one that crashes again and again gives up alone. Must be restarted together with the host (one_for_all):
  /// a host that starts knows of no agents.
  supervisor_actor supervisor;
  /// Makes the supervisor of one agent: one_for_one, without children yet.
  std::function<supervisor_actor(caf::actor_system&)> make_agent_supervisor;
};

/// Spawned once per node that is a worker. A shell around host_core: gives numbers of instances and sinks their
/// actors, collects results until the mailbox had its turn and sends them in batches.
agent_host_actor spawn_agent_host(caf::actor_system& system, agent_host_config config,
                                  agent_host_neighbours neighbours);

} // namespace troupe
