#include "actors/cluster/dispatcher.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace troupe {

caf::error validate(const dispatcher_shell_config& config) {
  if (!config.time)
    return caf::make_error(ec::invalid_input, "dispatcher: time must be set");
  if (config.tick.count() < 1)
    return caf::make_error(ec::invalid_input, "dispatcher: tick must be 1 ms or more");
  if (auto wrong = validate(config.core); !wrong.empty())
    return caf::make_error(ec::invalid_input, std::move(wrong));
  return caf::none;
}

void dispatcher_state::start(pointer self, dispatcher_shell_config config, dispatcher_probe probe) {
  self_ = self;
  time_ = std::move(config.time);
  tick_ = config.tick;
  core_.emplace(config.core);
  probe_ = std::move(probe);
  self_->delayed_send(self_, tick_, dispatch_wait_tick{});
}

int64_t dispatcher_state::now() const {
  return time_->steady_ms();
}

// -- from owners ------------------------------------------------------------------------------------------------------

void dispatcher_state::queue(task_batch& batch, const task_owner_actor& owner) {
  if (!owner)
    return;
  if (owners_.emplace(owner.id(), owner).second)
    self_->monitor(owner);
  core_->tasks_queued(owner.id(), std::move(batch), now());
  changed();
}

void dispatcher_state::cancel(const v1::CancelBatch& batch) {
  core_->cancel(batch);
  changed();
}

void dispatcher_state::answer(const v1::OpAnswerBatch& batch) {
  std::map<std::string, v1::OpAnswerBatch> out;
  for (auto& x : batch.answers())
    if (auto node = core_->node_of(x.run_id(), x.task(), x.attempt()); !node.empty())
      *out[node].add_answers() = x;
  for (auto& [node, answers] : out)
    if (auto i = nodes_.find(node); i != nodes_.end())
      self_->send(i->second.host, std::move(answers));
}

// -- from hosts -------------------------------------------------------------------------------------------------------

void dispatcher_state::take_results(v1::ResultBatch& batch) {
  fail_point("dispatcher.result");
  auto& sender = self_->current_sender();
  if (auto i = sender ? node_of_.find(sender->id()) : node_of_.end(); i != node_of_.end()) {
    core_->results(i->second, std::move(batch), now());
  } else {
    // A host may let somebody else speak for it; then the results say whose they are.
    for (auto& x : *batch.mutable_results()) {
      auto node = x.node();
      v1::ResultBatch one;
      *one.add_results() = std::move(x);
      core_->results(node, std::move(one), now());
    }
  }
  changed();
}

void dispatcher_state::take_progress(const v1::ProgressBatch& batch) {
  std::unordered_map<owner_id, v1::ProgressBatch> out;
  for (auto& x : batch.progress())
    if (auto owner = core_->owner_of(x.run_id(), x.task(), x.attempt()))
      *out[owner].add_progress() = x;
  for (auto& [owner, progress] : out)
    if (auto i = owners_.find(owner); i != owners_.end())
      self_->send(i->second, std::move(progress));
}

void dispatcher_state::take_operations(const v1::OpBatch& batch) {
  auto& sender = self_->current_sender();
  auto from = sender ? node_of_.find(sender->id()) : node_of_.end();
  if (from == node_of_.end())
    return;
  std::unordered_map<owner_id, v1::OpBatch> out;
  for (auto& x : batch.operations()) {
    // A node speaks for what runs there and for nothing else. Of an attempt that nobody owns any more: its host is
    // being told to stop it.
    if (core_->node_of(x.run_id(), x.task(), x.attempt()) != from->second)
      continue;
    if (auto owner = core_->owner_of(x.run_id(), x.task(), x.attempt()))
      *out[owner].add_operations() = x;
  }
  for (auto& [owner, operations] : out)
    if (auto i = owners_.find(owner); i != owners_.end())
      self_->send(i->second, std::move(operations));
}

// -- from the registry ------------------------------------------------------------------------------------------------

void dispatcher_state::update_node(const v1::NodeStatus& status, const agent_host_actor& host) {
  auto& node = status.info().name();
  auto& boot_id = status.info().boot_id();
  if (status.state() == v1::NODE_STATE_LOST || status.state() == v1::NODE_STATE_LEFT || !host) {
    drop_node(node, boot_id, status.state() == v1::NODE_STATE_LEFT ? "the node left" : "the node is lost");
    return;
  }
  auto i = nodes_.find(node);
  if (i != nodes_.end() && (i->second.host != host || i->second.boot_id != boot_id)) {
    drop_node(node, {}, "the node was started anew");
    i = nodes_.end();
  }
  if (i == nodes_.end()) {
    nodes_[node] = {boot_id, host};
    node_of_[host.id()] = node;
    self_->monitor(host);
  }
  core_->node_changed(status, now());
  changed();
}

void dispatcher_state::drop_node(const std::string& node, const std::string& boot_id, const std::string& reason) {
  auto i = nodes_.find(node);
  if (i == nodes_.end() || (!boot_id.empty() && boot_id != i->second.boot_id))
    return;
  auto before = core_->stats().lost;
  core_->node_gone(node, boot_id, reason, now());
  if (auto lost = core_->stats().lost - before; lost > 0)
    spdlog::warn("dispatcher lost {} tasks of node {}: {}", lost, node, reason);
  self_->demonitor(i->second.host.address());
  node_of_.erase(i->second.host.id());
  nodes_.erase(i);
  changed();
}

void dispatcher_state::end_of(const caf::down_msg& down) {
  auto id = down.source.id();
  if (owners_.erase(id) > 0) {
    core_->owner_gone(id);
    changed();
  } else if (auto i = node_of_.find(id); i != node_of_.end()) {
    auto node = i->second;
    drop_node(node, {}, "its agent host is gone");
  }
}

// -- to everybody -----------------------------------------------------------------------------------------------------

void dispatcher_state::changed() {
  if (flush_is_due_)
    return;
  if (self_->mailbox().empty()) {
    flush();
    return;
  }
  flush_is_due_ = true;
  self_->send(self_, dispatch_flush_tick{});
}

void dispatcher_state::flush() {
  flush_is_due_ = false;
  send(core_->flush(now(), time_->wall_ms()));
}

void dispatcher_state::tick() {
  auto before = core_->stats().overdue;
  core_->tick(now());
  if (auto overdue = core_->stats().overdue - before; overdue > 0)
    spdlog::warn("dispatcher gave up on {} attempts that living nodes did not answer in time", overdue);
  changed();
  self_->delayed_send(self_, tick_, dispatch_wait_tick{});
}

void dispatcher_state::send(dispatch_actions actions) {
  for (auto& x : actions.to_cancel)
    if (auto i = nodes_.find(x.node); i != nodes_.end())
      self_->send(i->second.host, std::move(x.batch));
  for (auto& x : actions.batches)
    if (auto i = nodes_.find(x.node); i != nodes_.end()) {
      fail_point("dispatcher.placed");
      self_->send(i->second.host, std::move(x.batch), result_sink_actor{self_});
    }
  for (auto& x : actions.outcomes) {
    auto i = owners_.find(x.owner);
    if (i == owners_.end())
      continue;
    if (x.results.results_size() > 0)
      self_->send(i->second, std::move(x.results));
    for (auto& loss : x.losses)
      self_->send(i->second, std::move(loss));
  }
  probe_->tasks_waited(actions.waits_ms);
  for (auto& x : actions.breakers) {
    probe_->breaker_moved(x);
    if (x.state == circuit_breaker::state::open)
      spdlog::warn("dispatcher opened the circuit breaker of agent {}", x.agent);
    else if (x.state == circuit_breaker::state::closed)
      spdlog::info("dispatcher closed the circuit breaker of agent {}", x.agent);
  }
  auto numbers = core_->stats();
  probe_->counted(counted_, numbers);
  counted_ = numbers;
}

dispatcher_self_actor::behavior_type dispatcher(dispatcher_state::pointer self, dispatcher_shell_config config,
                                                dispatcher_probe probe) {
  if (auto wrong = validate(config)) {
    self->quit(std::move(wrong));
    return dispatcher_self_actor::behavior_type::make_empty_behavior();
  }
  self->state.start(self, std::move(config), std::move(probe));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.end_of(down); });
  return {
      [self](task_batch& batch, const task_owner_actor& owner) { self->state.queue(batch, owner); },
      [self](const v1::CancelBatch& batch) { self->state.cancel(batch); },
      [self](v1::ResultBatch& batch) { self->state.take_results(batch); },
      [self](const v1::ProgressBatch& batch) { self->state.take_progress(batch); },
      [self](const v1::OpBatch& batch) { self->state.take_operations(batch); },
      [self](const v1::OpAnswerBatch& batch) { self->state.answer(batch); },
      [self](const v1::NodeStatus& status, const agent_host_actor& host) { self->state.update_node(status, host); },
      [self](const v1::LeaveCluster& leave) {
        self->state.drop_node(leave.node(), leave.boot_id(), leave.reason().empty() ? "the node left" : leave.reason());
      },
      [self](dispatch_flush_tick) { self->state.flush(); },
      [self](dispatch_wait_tick) { self->state.tick(); },
  };
}

} // namespace troupe
