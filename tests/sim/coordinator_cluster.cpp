// The dispatcher's and the registry's part of a coordinator (actors/cluster).
#include "tests/sim/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

// -- dispatcher -------------------------------------------------------------------------------------------------------

void coordinator::take_results(uint64_t host, const v1::ResultBatch& batch) {
  if (world_.broken == mutation::attempt_check)
    for (const auto& x : batch.results())
      if (auto run = runs_.find(x.run_id());
          run != runs_.end() && core_.owner_of(x.run_id(), x.task(), x.attempt()) == 0) {
        v1::ResultBatch late;
        *late.add_results() = x;
        post(run->second.id, [actor = run->second.actor, late] { actor->results(late); });
      }
  if (auto i = node_of_.find(host); i != node_of_.end()) {
    core_.results(i->second, batch, world_.time.now_ms());
  } else {
    v1::ResultBatch one;
    for (const auto& x : batch.results()) {
      one.clear_results();
      *one.add_results() = x;
      core_.results(x.node(), one, world_.time.now_ms());
    }
  }
  changed();
}

void coordinator::take_operations(uint64_t host, const v1::OpBatch& batch) {
  auto from = node_of_.find(host);
  if (from == node_of_.end())
    return;
  std::map<uint64_t, v1::OpBatch> out;
  for (const auto& x : batch.operations()) {
    // A node speaks for what runs there and for nothing else.
    auto here = core_.node_of(x.run_id(), x.task(), x.attempt()) == from->second;
    if (auto owner = here ? core_.owner_of(x.run_id(), x.task(), x.attempt()) : 0)
      *out[owner].add_operations() = x;
    else
      world_.see(sight::op_dropped_late);
  }
  for (auto& [owner, operations] : out)
    if (auto i = owners_.find(owner); i != owners_.end())
      post(owner, [run = i->second, operations = std::move(operations)] { run->operations(operations); });
}

void coordinator::pass_on(const v1::OpAnswerBatch& batch) {
  std::map<std::string, v1::OpAnswerBatch> out;
  for (const auto& x : batch.answers())
    if (auto node = core_.node_of(x.run_id(), x.task(), x.attempt()); !node.empty())
      *out[node].add_answers() = x;
    else
      world_.see(sight::op_answer_dropped);
  for (auto& [node, answers] : out)
    if (auto i = nodes_.find(node); i != nodes_.end())
      post(i->second.host, [this, host = i->second.host, answers = std::move(answers)] {
        auto link = links_.find(host);
        if (link == links_.end())
          return;
        v1::Envelope message;
        *message.mutable_op_answer_batch() = answers;
        net_.send(link->second->link, std::move(message));
      });
}

void coordinator::update_node(const v1::NodeStatus& status, uint64_t host) {
  const auto& node = status.info().name();
  const auto& boot_id = status.info().boot_id();
  auto i = nodes_.find(node);
  if (i != nodes_.end() && (i->second.host != host || i->second.boot_id != boot_id)) {
    drop_node(node, {}, "the node was started anew");
    i = nodes_.end();
  }
  if (i == nodes_.end()) {
    nodes_[node] = {boot_id, host};
    node_of_[host] = node;
    capacity_of_[node] = status.info().capacity();
    // Whoever monitors a dead actor hears of it at once.
    if (links_.count(host) == 0)
      post(dispatcher, [this, host] {
        if (auto known = node_of_.find(host); known != node_of_.end())
          drop_node(std::string{known->second}, {}, "its agent host is gone");
      });
  }
  core_.node_changed(status, world_.time.now_ms());
  changed();
}

void coordinator::drop_node(const std::string& node, const std::string& boot_id, const std::string& reason) {
  auto i = nodes_.find(node);
  if (i == nodes_.end() || (!boot_id.empty() && boot_id != i->second.boot_id))
    return;
  world_.say(home_, "drops node {}: {}", node, reason);
  core_.node_gone(node, boot_id, reason, world_.time.now_ms());
  node_of_.erase(i->second.host);
  nodes_.erase(i);
  changed();
}

void coordinator::changed() {
  if (!std::exchange(flush_is_due_, true))
    post(dispatcher, [this] { flush(); });
}

void coordinator::flush() {
  flush_is_due_ = false;
  auto actions = core_.flush(world_.time.now_ms(), world_.time.wall_ms(home_));
  for (auto& x : actions.to_cancel)
    if (auto i = nodes_.find(x.node); i != nodes_.end())
      post(i->second.host, [this, host = i->second.host, batch = std::move(x.batch)] {
        auto link = links_.find(host);
        if (link == links_.end())
          return;
        v1::Envelope message;
        *message.mutable_cancel_batch() = batch;
        net_.send(link->second->link, std::move(message));
      });
  for (auto& x : actions.batches) {
    if (world_.trace)
      for (const auto& task : x.batch.tasks)
        world_.say(home_, "sends {}/{} ({}) attempt {} to {}", task->run_id(), task->task(), task->step(),
                   task->attempt(), x.node);
    if (auto i = nodes_.find(x.node); i != nodes_.end())
      post(i->second.host, [this, host = i->second.host, batch = std::move(x.batch)] {
        auto link = links_.find(host);
        if (link == links_.end())
          return;
        link->second->has_sink = true;
        v1::Envelope message;
        *message.mutable_task_batch() = wire_batch{batch}.message();
        net_.send(link->second->link, std::move(message));
      });
  }
  for (auto& x : actions.outcomes) {
    auto i = owners_.find(x.owner);
    if (i == owners_.end())
      continue;
    if (x.results.results_size() > 0)
      post(x.owner, [run = i->second, results = std::move(x.results)] { run->results(results); });
    for (auto& loss : x.losses)
      post(x.owner, [run = i->second, loss = std::move(loss)] { run->lost(loss); });
  }
  for (const auto& x : actions.breakers)
    if (x.state == circuit_breaker::state::open)
      world_.see(sight::breaker_opened);
  check_bounds();
}

void coordinator::check_bounds() {
  auto numbers = core_.stats();
  uint64_t room = 0;
  for (const auto& [node, handle] : nodes_)
    room += capacity_of_[node];
  if (numbers.outstanding > room)
    world_.judge.accuse(home_.name + " has more tasks outstanding than its nodes have credits");
  // What a node has rejected waits again, however full the queue is; the node may be gone by now.
  most_room_ = std::max(most_room_, room);
  if (numbers.queued > world_.most_queued + most_room_)
    world_.judge.accuse(home_.name + " has more tasks in its queue than it may have");
}

void coordinator::dispatcher_tick() {
  core_.tick(world_.time.now_ms());
  changed();
  world_.time.after(250 * msec, home_, [this] { dispatcher_tick(); });
}

// -- registry ---------------------------------------------------------------------------------------------------------

void coordinator::registry_tick() {
  publish(members_.tick(world_.time.now_ms()));
  world_.time.after(500 * msec, home_, [this] { registry_tick(); });
}

void coordinator::join(const worker_link_ptr& from, uint64_t id, const v1::JoinCluster& request) {
  v1::Envelope answer;
  answer.set_correlation(id);
  auto joined = members_.join(request.node(), world_.time.now_ms(), world_.time.wall_ms(home_));
  if (joined) {
    membership_config config;
    auto ms = [](milliseconds x) { return static_cast<uint32_t>(x.count()); };
    auto& out = *answer.mutable_joined_cluster();
    out.set_coordinator_name(home_.name);
    out.set_coordinator_boot_id(home_.boot_id());
    out.set_heartbeat_ms(ms(config.heartbeat));
    out.set_suspect_ms(ms(config.suspect));
    out.set_lost_ms(ms(config.lost));
    out.set_fence_ms(ms(config.fence));
    hosts_.emplace(joined->session, from->id);
    if (links_.count(from->id) == 0)
      post(registry,
           [this, session = joined->session] { publish(members_.link_closed(session, world_.time.now_ms())); });
  } else {
    world_.see(sight::join_refused);
    world_.say(home_, "refuses {}: {}", request.node().boot_id(), joined.error().message);
    *answer.mutable_error() = joined.error().to_proto();
  }
  // The answer first: tasks that the dispatcher sends at once must not come before it.
  post(from->id, [this, from, answer = std::move(answer)] { net_.send(from->link, answer); });
  if (joined)
    publish(joined->changed);
}

void coordinator::publish(const membership::changes& changes) {
  for (const auto& x : changes) {
    auto host = hosts_.find(x.session);
    if (!x.is_gone()) {
      if (x.status.state() == v1::NODE_STATE_SUSPECT)
        world_.see(sight::node_suspected);
      post(dispatcher, [this, status = x.status, id = host->second] { update_node(status, id); });
      continue;
    }
    world_.see(x.status.state() == v1::NODE_STATE_LEFT ? sight::node_left : sight::node_lost);
    world_.say(home_, "lost {}: {}", x.status.info().boot_id(), x.reason);
    post(dispatcher, [this, name = x.status.info().name(), boot = x.status.info().boot_id(), reason = x.reason] {
      drop_node(name, boot, reason);
    });
    if (host != hosts_.end())
      hosts_.erase(host);
  }
}

void coordinator::link_down(uint64_t link) {
  post(registry, [this, link] {
    std::vector<uint64_t> ended;
    for (const auto& [session, host] : hosts_)
      if (host == link)
        ended.push_back(session);
    for (auto session : ended)
      publish(members_.link_closed(session, world_.time.now_ms()));
  });
  post(dispatcher, [this, link] {
    if (auto i = node_of_.find(link); i != node_of_.end())
      drop_node(std::string{i->second}, {}, "its agent host is gone");
  });
}

} // namespace troupe::sim
