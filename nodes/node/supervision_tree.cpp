#include "nodes/node/supervision_tree.hpp"

#include "actors/agents/agent_host.hpp"
#include "actors/cluster/dispatcher.hpp"
#include "actors/cluster/local_member.hpp"
#include "actors/cluster/registry.hpp"
#include "actors/fail_point/fail_point.hpp"
#include "actors/journal/journal.hpp"
#include "actors/link/cluster_link.hpp"
#include "actors/run/aggregator.hpp"
#include "actors/run/coordinator.hpp"
#include "nodes/node/node_parts.hpp"
#include "runtime/journal/memory_store.hpp"
#include "runtime/journal/sqlite_store.hpp"

#include <caf/actor_cast.hpp>
#include <spdlog/spdlog.h>

#include <chrono>
#include <functional>
#include <utility>

namespace troupe {

namespace {

child_spec child(std::string id, std::function<caf::actor(caf::actor_system&)> start, milliseconds grace) {
  child_spec out;
  out.id = std::move(id);
  out.start = std::move(start);
  out.grace = grace;
  return out;
}

result<std::unique_ptr<store>> open_store(const node_config& config, const journal_probe& probe) {
  if (config.data.empty())
    return std::make_unique<memory_store>();
  sqlite_store_config options;
  options.data_dir = config.data;
  options.owner_alive = [folder = config.data](const std::string& owner) { return owner_lock::alive(folder, owner); };
  options.around_commit = [probe](const std::function<void()>& commit) {
    fail_point("store.written");
    auto begin = std::chrono::steady_clock::now();
    commit();
    probe.synced(std::chrono::duration<double>{std::chrono::steady_clock::now() - begin}.count());
    fail_point("store.committed");
  };
  auto opened = sqlite_store::open(std::move(options));
  if (!opened)
    return tl::unexpected<error>(opened.error());
  return std::move(*opened);
}

caf::actor start_journal(node_parts& parts, caf::actor_system& system) {
  journal_config config;
  journal_probe probe{*parts.metrics};
  config.open = [node = parts.config, probe] { return open_store(node, probe); };
  config.backlog = parts.backlog;
  // Waits for the disk on one of the scheduler's threads, of which there is one more for that: an append, its commit
  // and what follows from it are then one chain, and no thread has to wake another one for each commit.
  journal_actor handle = system.spawn(journal, std::move(config), probe);
  parts.directory.enter(&node_directory::journal, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_aggregator(node_parts& parts, caf::actor_system& system) {
  auto handle = system.spawn(aggregator);
  parts.directory.enter(&node_directory::aggregator, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_dispatcher(node_parts& parts, caf::actor_system& system) {
  dispatcher_shell_config config;
  config.time = parts.time;
  config.core.seed = std::hash<std::string>{}(parts.boot_id);
  dispatcher_actor handle = system.spawn(dispatcher, std::move(config), dispatcher_probe{*parts.metrics});
  parts.directory.enter(&node_directory::dispatcher, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_registry(node_parts& parts, caf::actor_system& system) {
  registry_config config;
  config.coordinator_name = parts.config.name;
  config.coordinator_boot_id = parts.boot_id;
  registry_actor handle = system.spawn(registry, std::move(config), parts.directory.find(&node_directory::dispatcher),
                                       parts.time, registry_probe{*parts.metrics});
  parts.directory.enter(&node_directory::registry, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_coordinator(node_parts& parts, caf::actor_system& system) {
  coordinator_config config;
  config.owner = parts.boot_id;
  config.seed = std::hash<std::string>{}(parts.boot_id) ^ static_cast<uint64_t>(parts.time->wall_ms());
  run_neighbours neighbours{parts.directory.find(&node_directory::journal),
                            parts.directory.find(&node_directory::dispatcher),
                            parts.directory.find(&node_directory::aggregator), parts.time};
  neighbours.backlog = parts.backlog;
  auto handle = system.spawn(coordinator, std::move(config), std::move(neighbours),
                             parts.directory.find(&node_directory::registry), run_probe{*parts.metrics});
  parts.directory.enter(&node_directory::coordinator, handle);
  // Whatever an earlier life of this node (or of this actor) left unfinished goes on at once.
  caf::anon_send(handle, v1::ResumeRuns{});
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_agents(node_parts& parts, caf::actor_system& system) {
  supervisor_config config;
  config.name = "agents";
  supervisor_actor handle = system.spawn(supervisor, std::move(config), supervisor_probe{*parts.metrics, "agents"});
  parts.directory.enter(&node_directory::agents, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_host(node_parts& parts, caf::actor_system& system) {
  agent_host_config config;
  config.limits.node = parts.config.name;
  config.limits.capacity = parts.config.capacity;
  config.limits.last_word = milliseconds{20};
  config.agents = parts.own_agents;
  agent_host_neighbours neighbours;
  neighbours.kinds = parts.kinds;
  neighbours.context.system = &system;
  neighbours.context.node = parts.config.name;
  neighbours.context.log = spdlog::default_logger();
  neighbours.context.metrics = parts.metrics;
  neighbours.supervisor = parts.directory.find(&node_directory::agents);
  // All supervisors of single agents share one label: their names come from workflows.
  supervisor_probe probe{*parts.metrics, "agent"};
  neighbours.make_agent_supervisor = [probe](caf::actor_system& sys) -> supervisor_actor {
    supervisor_config agent;
    agent.name = "agent";
    agent.limits.backoff.first_at_once = true;
    return sys.spawn(supervisor, std::move(agent), probe);
  };
  auto handle = spawn_agent_host(system, std::move(config), std::move(neighbours));
  parts.directory.enter(&node_directory::host, handle);
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_member(node_parts& parts, caf::actor_system& system) {
  auto handle = system.spawn(local_member, parts.info(), parts.directory.find(&node_directory::registry),
                             parts.directory.find(&node_directory::host));
  return caf::actor_cast<caf::actor>(handle);
}

caf::actor start_link(node_parts& parts, size_t which, caf::actor_system& system) {
  cluster_link_config config;
  // Checked when the node started.
  config.coordinator = *parse_address(parts.config.join[which]);
  config.node = parts.info();
  config.seed = std::hash<std::string>{}(parts.boot_id) + which;
  cluster_link_actor handle =
      system.spawn(cluster_link, std::move(config), std::shared_ptr<link_connector>{parts.transport},
                   parts.directory.find(&node_directory::host), parts.time, cluster_link_probe{*parts.metrics});
  parts.directory.enter_link(which, handle);
  return caf::actor_cast<caf::actor>(handle);
}

} // namespace

supervisor_config supervision_tree(node_parts& parts) {
  using starter = caf::actor (*)(node_parts&, caf::actor_system&);
  constexpr milliseconds short_grace{2'000};
  supervisor_config root;
  root.name = "root";
  root.strategy = restart_strategy::rest_for_one;
  auto add = [&](supervisor_config& to, const char* id, starter start, milliseconds grace) {
    to.children.push_back(child(
        id, [&parts, start](caf::actor_system& system) { return start(parts, system); }, grace));
  };
  if (parts.config.coordinator) {
    // Longer: it commits what it has taken before it ends.
    add(root, "journal", start_journal, milliseconds{10'000});
    add(root, "aggregator", start_aggregator, short_grace);
    add(root, "dispatcher", start_dispatcher, short_grace);
    add(root, "registry", start_registry, short_grace);
    add(root, "coordinator", start_coordinator, short_grace);
  }
  if (parts.config.worker) {
    supervisor_config work;
    work.name = "work";
    work.strategy = restart_strategy::one_for_all;
    add(work, "agents", start_agents, milliseconds{6'000});
    add(work, "host", start_host, short_grace);
    root.children.push_back(supervisor_child("work", std::move(work), supervisor_probe{*parts.metrics, "work"}));
    if (parts.config.coordinator)
      add(root, "member", start_member, short_grace);
    for (size_t i = 0; i < parts.config.join.size(); ++i) {
      auto link = child(
          "link to " + parts.config.join[i],
          [&parts, i](caf::actor_system& system) { return start_link(parts, i, system); }, milliseconds{3'000});
      // It ends normally when the node has said goodbye.
      link.restart = restart_type::transient;
      root.children.push_back(std::move(link));
    }
  }
  return root;
}

} // namespace troupe
