#pragma once

#include "actors/agents/agent_catalog.hpp"
#include "actors/agents/agent_kind.hpp"
#include "actors/journal/journal_backlog.hpp"
#include "actors/link/link_transport.hpp"
#include "nodes/node/node_config.hpp"
#include "nodes/node/node_directory.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/journal/owner_lock.hpp"

#include <prometheus/registry.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What the subsystems of one node share. Outlives its actor system.
struct node_parts {
  node_config config;
  /// Random for each start of the process.
  std::string boot_id;
  std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
  std::shared_ptr<const clock> time;
  /// Null where runs wait for the journal, since it keeps what it has.
  std::shared_ptr<journal_backlog> backlog;
  node_directory directory;

  /// Worker: what it can run, and the agents that it brings along.
  std::shared_ptr<agent_catalog> catalog = std::make_shared<agent_catalog>();
  std::shared_ptr<agent_kinds> kinds;
  std::vector<v1::AgentSpec> own_agents;

  /// Coordinator with a data folder: its sign of life towards others that use the folder.
  std::optional<owner_lock> lock;

  /// Connects this process with others: what listens (coordinator) and what dials (worker).
  std::shared_ptr<link_transport> transport;

  /// How the node introduces itself to a registry.
  v1::NodeInfo info() const;
};

} // namespace troupe
