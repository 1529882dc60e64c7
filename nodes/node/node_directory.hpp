#pragma once

#include "messages/agent_host.hpp"
#include "messages/aggregator.hpp"
#include "messages/cluster_link.hpp"
#include "messages/coordinator.hpp"
#include "messages/dispatcher.hpp"
#include "messages/journal.hpp"
#include "messages/registry.hpp"
#include "messages/supervisor.hpp"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace troupe {

/// Which actor is a node's journal, dispatcher, … right now. The supervision tree starts subsystems in order,
/// rest_for_one: each looks up those before it here and enters itself, so that after a restart everybody behind has the
/// new handles.
class node_directory {
public:
  template <class Handle>
  void enter(Handle node_directory::*member, Handle handle) {
    std::lock_guard guard{mutex_};
    this->*member = std::move(handle);
  }

  template <class Handle>
  Handle find(Handle node_directory::*member) const {
    std::lock_guard guard{mutex_};
    return this->*member;
  }

  /// Lets go of all handles; without this the actor system would wait for them.
  void clear() {
    std::lock_guard guard{mutex_};
    journal = nullptr;
    aggregator = nullptr;
    dispatcher = nullptr;
    registry = nullptr;
    coordinator = nullptr;
    agents = nullptr;
    host = nullptr;
    links.clear();
  }

  /// Only for `&node_directory::…` above.
  journal_actor journal;
  aggregator_actor aggregator;
  dispatcher_actor dispatcher;
  registry_actor registry;
  coordinator_actor coordinator;
  supervisor_actor agents;
  agent_host_actor host;
  /// To the coordinators of `join`, in that order; null while one is being started again.
  std::vector<cluster_link_actor> links;

  void enter_link(size_t which, cluster_link_actor handle) {
    std::lock_guard guard{mutex_};
    links.resize(std::max(links.size(), which + 1));
    links[which] = std::move(handle);
  }

private:
  mutable std::mutex mutex_;
};

} // namespace troupe
