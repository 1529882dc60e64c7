#include "actors/cluster/registry.hpp"

#include "messages/errors.hpp"
#include "runtime/cluster/agent_directory.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe {

namespace {

void log_change(const membership::change& x) {
  auto& node = x.status.info();
  switch (x.status.state()) {
  case v1::NODE_STATE_LOST:
    spdlog::warn("cluster lost node {}: {}", node.name(), x.reason);
    break;
  case v1::NODE_STATE_LEFT:
    spdlog::info("node {} left: {}", node.name(), x.reason);
    break;
  case v1::NODE_STATE_SUSPECT:
    spdlog::warn("cluster suspects node {}: silent for {} ms", node.name(), x.status.silent_ms());
    break;
  case v1::NODE_STATE_DRAINING:
    spdlog::info("node {} drains", node.name());
    break;
  default:
    spdlog::info("node {} is up with room for {} tasks", node.name(), node.capacity());
  }
}

} // namespace

caf::error validate(const registry_config& config) {
  if (auto ok = validate(config.membership); !ok)
    return to_caf(ok.error());
  if (config.tick.count() <= 0 || config.tick > config.membership.heartbeat)
    return caf::make_error(ec::invalid_input, "registry: tick must be from 1 ms to the heartbeat interval");
  if (config.coordinator_name.empty() || config.coordinator_boot_id.empty())
    return caf::make_error(ec::invalid_input, "registry: the coordinator needs a name and a boot id");
  return caf::none;
}

void registry_state::start(pointer self, registry_config config, dispatcher_actor dispatcher,
                           std::shared_ptr<const clock> time, registry_probe probe) {
  self_ = self;
  config_ = std::move(config);
  dispatcher_ = std::move(dispatcher);
  time_ = std::move(time);
  probe_ = std::move(probe);
  members_.emplace(config_.membership);
  probe_->nodes(members_->counts());
  self_->delayed_send(self_, config_.tick, registry_tick{});
}

caf::result<v1::JoinedCluster> registry_state::join(const v1::JoinCluster& request, const agent_host_actor& host) {
  if (!host)
    return caf::make_error(ec::invalid_input, "a node joins with the handle of its host");
  auto joined = members_->join(request.node(), time_->steady_ms(), time_->wall_ms());
  if (!joined) {
    probe_->join_refused();
    spdlog::warn("registry refuses node {}: {}", request.node().name().substr(0, 128), joined.error().message);
    return to_caf(joined.error());
  }
  if (!is_known(host))
    self_->monitor(host);
  hosts_.emplace(joined->session, host);
  probe_->node_joined();
  auto ms = [](milliseconds x) { return static_cast<uint32_t>(x.count()); };
  v1::JoinedCluster out;
  out.set_coordinator_name(config_.coordinator_name);
  out.set_coordinator_boot_id(config_.coordinator_boot_id);
  out.set_heartbeat_ms(ms(config_.membership.heartbeat));
  out.set_suspect_ms(ms(config_.membership.suspect));
  out.set_lost_ms(ms(config_.membership.lost));
  out.set_fence_ms(ms(config_.membership.fence));
  // The answer first: once the dispatcher knows, tasks may come, and a node takes none before it knows that it has
  // joined.
  auto promise = self_->make_response_promise<v1::JoinedCluster>();
  promise.deliver(std::move(out));
  publish(joined->changed);
  return promise;
}

caf::result<v1::HeartbeatAck> registry_state::heartbeat(const v1::Heartbeat& beat) {
  auto changed = members_->heartbeat(beat, time_->steady_ms());
  if (!changed) {
    probe_->heartbeat_fenced();
    return to_caf(changed.error());
  }
  probe_->heartbeat();
  publish(*changed);
  v1::HeartbeatAck out;
  out.set_seq(beat.seq());
  return out;
}

void registry_state::leave(const v1::LeaveCluster& x) {
  publish(members_->leave(x, time_->steady_ms()));
}

caf::result<v1::Ack> registry_state::drain(const v1::DrainNode& x) {
  auto changed = members_->drain(x.node(), time_->steady_ms());
  if (!changed)
    return to_caf(changed.error());
  publish(*changed);
  // So that it refuses what is on its way; when it has finished what it has, only its load tells.
  for (auto& [session, host] : hosts_)
    if (members_->is_session_of(session, x.node()))
      caf::anon_send(host, x);
  return v1::Ack{};
}

v1::NodeList registry_state::list() const {
  return members_->list(time_->steady_ms());
}

void registry_state::tick() {
  publish(members_->tick(time_->steady_ms()));
  probe_->nodes(members_->counts());
  self_->delayed_send(self_, config_.tick, registry_tick{});
}

void registry_state::end_of(const caf::actor_addr& host) {
  std::vector<uint64_t> ended;
  for (auto& [session, handle] : hosts_)
    if (handle == host)
      ended.push_back(session);
  for (auto session : ended)
    publish(members_->link_closed(session, time_->steady_ms()));
}

bool registry_state::is_known(const agent_host_actor& host) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](auto& entry) { return entry.second == host; });
}

void registry_state::publish(const membership::changes& changes) {
  for (auto& x : changes) {
    log_change(x);
    auto host = hosts_.find(x.session);
    if (!x.is_gone()) {
      self_->send(dispatcher_, x.status, host->second);
      continue;
    }
    v1::LeaveCluster gone;
    gone.set_node(x.status.info().name());
    gone.set_boot_id(x.status.info().boot_id());
    gone.set_reason(x.reason);
    self_->send(dispatcher_, std::move(gone));
    if (x.status.state() == v1::NODE_STATE_LOST)
      probe_->node_lost();
    if (host == hosts_.end())
      continue;
    auto handle = host->second;
    hosts_.erase(host);
    if (!is_known(handle))
      self_->demonitor(handle.address());
  }
  if (!changes.empty())
    probe_->nodes(members_->counts());
}

registry_self_actor::behavior_type registry(registry_state::pointer self, registry_config config,
                                            dispatcher_actor dispatcher, std::shared_ptr<const clock> time,
                                            registry_probe probe) {
  if (auto err = validate(config)) {
    self->quit(std::move(err));
    return registry_self_actor::behavior_type::make_empty_behavior();
  }
  self->state.start(self, std::move(config), std::move(dispatcher), std::move(time), std::move(probe));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.end_of(down.source); });
  return {
      [self](const v1::JoinCluster& x, const agent_host_actor& host) { return self->state.join(x, host); },
      [self](const v1::Heartbeat& x) { return self->state.heartbeat(x); },
      [self](const v1::LeaveCluster& x) {
        self->state.leave(x);
        return v1::Ack{};
      },
      [self](const v1::DrainNode& x) { return self->state.drain(x); },
      [self](const v1::ListNodes&) { return self->state.list(); },
      [self](const v1::FindAgents& x) { return find_agents(self->state.list(), x); },
      [self](registry_tick) { self->state.tick(); },
  };
}

} // namespace troupe
