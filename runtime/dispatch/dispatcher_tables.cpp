#include "runtime/dispatch/dispatcher_impl.hpp"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

namespace troupe {

namespace {

using google::protobuf::util::MessageDifferencer;

breaker_policy policy_of(const v1::AgentSpec& spec) {
  breaker_policy out;
  if (spec.has_breaker()) {
    out.failure_ratio = spec.breaker().failure_ratio();
    out.window = spec.breaker().window();
    out.open_for = milliseconds{spec.breaker().open_for_ms()};
  }
  return out;
}

/// What a task wants of its node, in one text: the same for tasks that want the same.
std::string labels_of(const v1::Task& task) {
  std::map<std::string_view, std::string_view> labels;
  for (const auto& label : task.placement())
    labels.emplace(label.key(), label.value());
  std::string out;
  for (const auto& [label, value] : labels) {
    out.append(label).push_back('\0');
    out.append(value).push_back('\0');
  }
  return out;
}

} // namespace

void dispatcher_core::node_changed(const v1::NodeStatus& status, int64_t now_ms) {
  auto& info = status.info();
  if (status.state() == v1::NODE_STATE_LOST || status.state() == v1::NODE_STATE_LEFT) {
    node_gone(info.name(), info.boot_id(), status.state() == v1::NODE_STATE_LOST ? "the node is lost" : "the node left",
              now_ms);
    return;
  }
  auto i = impl_->nodes.find(info.name());
  if (i != impl_->nodes.end() && i->second->status.info().boot_id() != info.boot_id()) {
    node_gone(info.name(), {}, "the node was started anew", now_ms);
    i = impl_->nodes.end();
  }
  auto is_new = i == impl_->nodes.end();
  if (is_new)
    i = impl_->nodes.emplace(info.name(), std::make_unique<dispatch::node_entry>()).first;
  auto& node = *i->second;
  auto same_info = !is_new && MessageDifferencer::Equals(node.status.info(), info);
  if (same_info && node.status.state() == status.state())
    return;
  node.status = status;
  for (auto& [key, agent] : impl_->agents)
    for (auto& [labels, lane] : agent->lanes)
      impl_->refresh_site(*lane, node, !same_info, now_ms);
  impl_->free_node(node);
}

void dispatcher_core::node_gone(const std::string& name, const std::string& boot_id, const std::string& reason,
                                int64_t now_ms) {
  auto i = impl_->nodes.find(name);
  if (i == impl_->nodes.end() || (!boot_id.empty() && boot_id != i->second->status.info().boot_id()))
    return;
  auto& node = *i->second;
  impl_->lose(node, reason);
  node.status.set_state(v1::NODE_STATE_LOST);
  for (auto* lane : std::vector<dispatch::lane*>{node.lanes})
    impl_->refresh_site(*lane, node, true, now_ms);
  std::erase(impl_->freed_nodes, &node);
  impl_->nodes.erase(i);
}

void dispatcher_core::impl::lose(node_entry& node, const std::string& reason) {
  while (!node.tasks.empty()) {
    auto& x = node.tasks.front();
    x.where->agent->breaker.abandon(x.permit);
    if (auto* owner = dirty(x.owner)) {
      ++numbers.lost;
      losses.lost(x.task->run_id(), x.task->task());
      auto& loss = owner->losses.emplace_back();
      loss.set_task(x.task->task());
      loss.set_attempt(x.task->attempt());
      loss.set_node(node.name());
      loss.set_reason(reason);
    }
    leave_node(x);
    forget(x);
  }
}

// -- agents -----------------------------------------------------------------------------------------------------------

void dispatcher_core::impl::define(owner_entry& owner, const agent_spec_ptr& shared) {
  const auto& spec = *shared;
  if (spec.hash().empty())
    return;
  auto& agent = agents["#" + spec.hash()];
  if (!agent) {
    agent = std::make_unique<agent_entry>();
    agent->key = "#" + spec.hash();
    agent->spec = shared;
    agent->breaker = circuit_breaker{policy_of(spec)};
  }
  // Not part of the hash, so two workflows may differ in it: the last one counts. The breaker keeps its first policy,
  // because a change would make it forget what it has seen.
  if (agent->room.limit() != spec.max_concurrent()) {
    agent->room.set_limit(spec.max_concurrent());
    free_agent(*agent);
  }
  if (owner.agents.insert(agent.get()).second) {
    ++agent->owners;
    if (agent->idle)
      idle.erase(*agent->idle);
    agent->idle.reset();
  }
}

dispatch::agent_entry* dispatcher_core::impl::agent_of(const v1::Task& task) {
  if (!task.agent_hash().empty()) {
    // Tasks come in batches of one agent.
    if (last_agent && last_agent->spec->hash() == task.agent_hash())
      return last_agent;
    auto i = agents.find("#" + task.agent_hash());
    if (i == agents.end())
      return nullptr;
    return last_agent = i->second.get();
  }
  auto& agent = agents["@" + task.agent()];
  if (!agent) {
    agent = std::make_unique<agent_entry>();
    agent->key = "@" + task.agent();
    unuse(*agent);
  }
  return agent.get();
}

void dispatcher_core::impl::use(agent_entry& agent) {
  ++agent.tasks;
  if (agent.idle)
    idle.erase(*agent.idle);
  agent.idle.reset();
}

void dispatcher_core::impl::unuse(agent_entry& agent) {
  if (agent.tasks == 0 && agent.owners == 0 && !agent.idle)
    agent.idle = idle.insert(idle.end(), &agent);
}

void dispatcher_core::impl::evict_idle_agents() {
  while (idle.size() > config.max_idle_agents) {
    auto* agent = idle.front();
    idle.pop_front();
    last_agent = nullptr;
    for (auto& [name, node] : nodes) {
      std::erase_if(node->lanes, [&](lane* l) { return l->agent == agent; });
      node->known.erase(agent);
      node->signs.erase(agent);
    }
    agents.erase(agents.find(agent->key));
  }
}

// -- lanes ------------------------------------------------------------------------------------------------------------

dispatch::lane& dispatcher_core::impl::lane_of(agent_entry& agent, const v1::Task& task, int64_t now_ms) {
  if (task.placement().empty() && agent.plain)
    return *agent.plain;
  auto labels = labels_of(task);
  auto& out = agent.lanes[labels];
  if (!out) {
    out = std::make_shared<lane>();
    out->id = next_lane++;
    out->agent = &agent;
    out->need = need_of(task, agent.spec.get());
    for (auto& [name, node] : nodes)
      refresh_site(*out, *node, true, now_ms);
    note_homeless(*out, now_ms);
    if (labels.empty())
      agent.plain = out.get();
  }
  return *out;
}

dispatch::site* dispatcher_core::impl::find_site(lane& l, const node_entry& node) {
  auto i = std::find_if(l.sites.begin(), l.sites.end(), [&](auto& s) { return s.node == &node; });
  return i == l.sites.end() ? nullptr : &*i;
}

void dispatcher_core::impl::refresh_site(lane& l, node_entry& node, bool anew, int64_t now_ms) {
  auto i = std::find_if(l.sites.begin(), l.sites.end(), [&](auto& s) { return s.node == &node; });
  auto suits = mismatch(l.need, node.status).empty();
  if (suits && i == l.sites.end()) {
    auto& added = l.sites.emplace_back(site{&node});
    node.tasks.each([&](const task_entry& x) { added.outstanding += x.where == &l ? 1 : 0; });
    node.lanes.push_back(&l);
  } else if (suits && anew) {
    i->closed_until_ms = site{}.closed_until_ms;
    i->rejections = 0;
  } else if (!suits && i != l.sites.end()) {
    l.sites.erase(i);
    std::erase(node.lanes, &l);
  }
  note_homeless(l, now_ms);
}

void dispatcher_core::impl::close_site(lane& l, node_entry& node, bool for_ever, int64_t now_ms) {
  auto i = std::find_if(l.sites.begin(), l.sites.end(), [&](auto& s) { return s.node == &node; });
  if (i == l.sites.end())
    return;
  if (for_ever) {
    i->closed_until_ms = site::never;
    note_homeless(l, now_ms);
    return;
  }
  // Doubles up to 16 times: a node that drains or is full needs a moment, one that lacks something needs longer.
  // Several rejections of one batch count once.
  if (i->closed_until_ms > now_ms)
    return;
  auto pause = config.rejection_pause.count() << std::min(i->rejections++, 4u);
  i->closed_until_ms = now_ms + pause;
  pauses.emplace(i->closed_until_ms, l.weak_from_this());
}

void dispatcher_core::impl::note_homeless(lane& l, int64_t now_ms) {
  auto home = std::any_of(l.sites.begin(), l.sites.end(), [](auto& s) { return s.closed_until_ms != site::never; });
  if (home)
    l.homeless_since_ms.reset();
  else if (!l.homeless_since_ms)
    l.homeless_since_ms = now_ms;
  if (!home && !l.arrivals.empty())
    homeless.emplace(l.id, &l);
  else
    homeless.erase(l.id);
}

} // namespace troupe
