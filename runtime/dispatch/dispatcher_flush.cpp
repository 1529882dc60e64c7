#include "runtime/dispatch/dispatcher_impl.hpp"
#include "runtime/dispatch/work_ahead.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Nodes that an error message names.
constexpr size_t named_nodes = 8;

} // namespace

void dispatcher_core::tick(int64_t now_ms) {
  auto over = impl_->pauses.upper_bound(now_ms);
  for (auto i = impl_->pauses.begin(); i != over; ++i)
    if (auto lane = i->second.lock())
      impl_->activate(*lane);
  impl_->pauses.erase(impl_->pauses.begin(), over);
  impl_->end_overdue(now_ms);
  auto waiting = impl_->homeless;
  for (auto& [id, lane] : waiting)
    impl_->fail_homeless(*lane, now_ms);
}

dispatch_actions dispatcher_core::flush(int64_t now_ms, int64_t wall_ms) {
  using state = circuit_breaker::state;
  dispatch_actions out;
  impl_->wake();
  while (!impl_->ready.empty()) {
    auto& lane = *impl_->ready.begin()->second;
    auto& agent = *lane.agent;
    if (agent.breaker.current(now_ms) == state::open) {
      impl_->answer_circuit_open(lane, now_ms);
      continue;
    }
    auto* to = agent.room.has_room() && agent.breaker.allows(now_ms) ? impl_->choose(lane, now_ms) : nullptr;
    if (!to) {
      impl_->deactivate(lane);
      continue;
    }
    auto& x = *lane.queue.front();
    impl_->send(x, *to, now_ms, wall_ms, out);
  }
  for (auto& [name, node] : impl_->nodes) {
    node->open_batch.reset();
    if (node->cancels.tasks_size() > 0)
      out.to_cancel.push_back({name, std::exchange(node->cancels, {})});
  }
  for (auto id : impl_->dirty_owners) {
    auto i = impl_->owners.find(id);
    if (i == impl_->owners.end())
      continue;
    auto& owner = i->second;
    owner.dirty = false;
    out.outcomes.push_back({id, std::exchange(owner.results, {}), std::exchange(owner.losses, {})});
  }
  impl_->dirty_owners.clear();
  for (auto& [key, agent] : impl_->agents) {
    auto now = agent->breaker.current(now_ms);
    if (now != agent->reported) {
      agent->reported = now;
      out.breakers.push_back({agent->spec ? agent->spec->name() : key.substr(1), now});
    }
  }
  impl_->evict_idle_agents();
  return out;
}

// -- who competes -----------------------------------------------------------------------------------------------------

void dispatcher_core::impl::free_node(node_entry& node) {
  if (!node.freed)
    freed_nodes.push_back(&node);
  node.freed = true;
}

void dispatcher_core::impl::free_agent(agent_entry& agent) {
  if (!agent.freed)
    freed_agents.push_back(&agent);
  agent.freed = true;
}

void dispatcher_core::impl::wake() {
  for (auto* node : freed_nodes) {
    node->freed = false;
    if (node->has_credit())
      for (auto* l : node->lanes)
        activate(*l);
  }
  freed_nodes.clear();
  for (auto* agent : freed_agents) {
    agent->freed = false;
    for (auto& [labels, l] : agent->lanes)
      activate(*l);
  }
  freed_agents.clear();
}

void dispatcher_core::impl::activate(lane& l) {
  if (!l.ready && !l.queue.empty()) {
    l.ready = true;
    ready.emplace(std::pair{l.tag, l.id}, &l);
  }
}

void dispatcher_core::impl::deactivate(lane& l) {
  if (l.ready)
    ready.erase({l.tag, l.id});
  l.ready = false;
}

void dispatcher_core::impl::set_tag(lane& l, uint64_t tag) {
  if (l.tag == tag)
    return;
  if (l.ready) {
    // The node is used again: this happens once per task.
    auto place = ready.extract({l.tag, l.id});
    place.key().first = tag;
    ready.insert(std::move(place));
  }
  l.tag = tag;
}

// -- sending ----------------------------------------------------------------------------------------------------------

bool dispatcher_core::impl::has_room(const site& s, const agent_entry& agent) const {
  // Of an agent that nodes bring along, or that does not say, only they know how many instances it has.
  if (!agent.spec || agent.spec->replicas() == 0)
    return true;
  auto slots = uint64_t{agent.spec->replicas()} * std::max(1U, agent.spec->concurrency());
  return s.outstanding < work_ahead(slots, s.service_ms, config.ahead);
}

dispatch::site* dispatcher_core::impl::choose(lane& l, int64_t now_ms) {
  auto alone = is_suspect(*l.queue.front());
  candidates.clear();
  candidate_sites.clear();
  for (auto& s : l.sites) {
    if (s.closed_until_ms > now_ms || !s.node->has_credit() || !has_room(s, *l.agent)
        || (alone && s.node->suspects > 0))
      continue;
    candidates.push_back({static_cast<uint32_t>(s.node->tasks.size()), s.node->status.info().capacity(), s.latency_ms});
    candidate_sites.push_back(&s);
  }
  return candidates.empty() ? nullptr : candidate_sites[choose_place(candidates, random)];
}

void dispatcher_core::impl::send(task_entry& x, site& to, int64_t now_ms, int64_t wall_ms, dispatch_actions& out) {
  auto& l = *x.where;
  auto& node = *to.node;
  l.queue.pop(x.ticket);
  virtual_now = std::max(virtual_now, l.tag);
  leave_queue(x);
  if (!l.queue.empty())
    set_tag(l, virtual_now + l.queue.front_cost());

  x.node = &node;
  x.permit = *l.agent->breaker.try_acquire(now_ms);
  x.dispatched_at_ms = now_ms;
  x.dispatched_wall_ms = wall_ms;
  auto& signs = node.signs[l.agent];
  if (!signs)
    signs = std::make_unique<signs_of_work>();
  x.signs = signs.get();
  x.number = signs->sent(x.task->timeout_ms());
  x.begun_by_ms.reset();
  l.agent->room.try_acquire();
  ++to.outstanding;
  if (is_suspect(x))
    ++node.suspects;
  node.tasks.push_back(x);

  auto full = [&](const task_batch& batch) {
    return batch.tasks.size() >= config.max_batch_tasks || node.open_bytes + x.bytes > config.max_batch_bytes;
  };
  if (!node.open_batch || full(out.batches[*node.open_batch].batch)) {
    node.open_batch = out.batches.size();
    node.open_bytes = 0;
    out.batches.push_back({node.name(), {}});
  }
  auto& batch = out.batches[*node.open_batch].batch;
  if (l.agent->spec && node.known.insert(l.agent).second) {
    batch.agents.push_back(l.agent->spec);
    node.open_bytes += l.agent->spec->ByteSizeLong();
  }
  batch.tasks.push_back(x.task);
  node.open_bytes += x.bytes;
  out.waits_ms.push_back(now_ms - x.queued_at_ms);
  ++numbers.dispatched;
}

void dispatcher_core::impl::answer_circuit_open(lane& l, int64_t now_ms) {
  v1::Error error;
  error.set_code(v1::ERROR_CODE_CIRCUIT_OPEN);
  error.set_message("the circuit breaker of agent '" + l.need.agent + "' is open");
  error.set_retryable(true);
  error.set_retry_after_ms(static_cast<uint32_t>(l.agent->breaker.retry_after(now_ms).count()));
  while (!l.arrivals.empty()) {
    auto& x = l.arrivals.front();
    answer(x.owner, *x.task, error);
    abort(x, {});
  }
}

void dispatcher_core::impl::fail_homeless(lane& l, int64_t now_ms) {
  v1::Error error;
  auto patience = (nodes.empty() ? config.no_nodes_after : config.unplaceable_after).count();
  while (!l.arrivals.empty() && l.homeless_since_ms) {
    auto& x = l.arrivals.front();
    if (std::max(x.queued_at_ms, *l.homeless_since_ms) + patience > now_ms)
      break;
    if (error.message().empty()) {
      error.set_code(v1::ERROR_CODE_UNAVAILABLE);
      error.set_message(why_homeless(l));
      error.set_retryable(true);
    }
    answer(x.owner, *x.task, error);
    abort(x, {});
  }
}

std::string dispatcher_core::impl::why_homeless(const lane& l) const {
  auto out = "no node can run " + to_string(l.need) + ": ";
  if (nodes.empty())
    return out + "there are no nodes";
  size_t named = 0;
  for (auto& [name, node] : nodes) {
    if (named == named_nodes)
      return out + " and " + std::to_string(nodes.size() - named) + " more";
    auto why = mismatch(l.need, node->status);
    out += (named++ > 0 ? ", " : "") + name + " " + (why.empty() ? "has refused it" : why);
  }
  return out;
}

} // namespace troupe
