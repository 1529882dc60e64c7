#include "actors/agents/agent_host.hpp"

#include "actors/agents/agent_host_state.hpp"
#include "messages/errors.hpp"

#include <prometheus/registry.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace troupe {

void agent_host_state::start(pointer self, agent_host_config config, agent_host_neighbours neighbours) {
  self_ = self;
  config_ = std::move(config);
  neighbours_ = std::move(neighbours);
  neighbours_.context.progress = caf::actor_cast<progress_sink_actor>(agent_host_shell{self});
  neighbours_.context.operations = caf::actor_cast<operation_sink_actor>(agent_host_shell{self});
  if (!neighbours_.context.metrics)
    neighbours_.context.metrics = std::make_shared<prometheus::Registry>();
  if (!neighbours_.context.log)
    neighbours_.context.log = spdlog::default_logger();
  context_ = std::make_shared<const agent_context>(neighbours_.context);
  core_ = std::make_unique<host_core>(config_.limits);
  probe_ = std::make_unique<host_probe>(*neighbours_.context.metrics);
  for (auto& spec : config_.agents)
    core_->bring(spec);
  probe_->load_changed(core_->load(), core_->counters());
}

int64_t agent_host_state::now() const {
  return actor_clock{self_->system()}.steady_us();
}

// --- from sinks ---

void agent_host_state::submit(task_batch& batch, const result_sink_actor& sink) {
  if (!sink)
    return;
  auto at = now();
  auto id = sink.id();
  if (auto [i, is_new] = sinks_.try_emplace(id); is_new) {
    i->second.handle = sink;
    self_->monitor(sink);
  }
  for (const auto& spec : batch.agents)
    if (!core_->learn(spec, at, neighbours_.kinds->serial(*spec)))
      neighbours_.context.log->warn("agent host refused the definition of agent {}: too large or without hash",
                                    spec->name());
  for (auto& task : batch.tasks)
    core_->submit(std::move(task), id, at);
  apply();
}

void agent_host_state::cancel(const v1::CancelBatch& batch) {
  auto at = now();
  for (auto& x : batch.tasks())
    core_->cancel(x, at);
  apply();
}

caf::typed_response_promise<v1::Ack> agent_host_state::drain() {
  auto out = self_->make_response_promise<caf::typed_response_promise<v1::Ack>>();
  draining_.push_back(out);
  core_->drain(now());
  apply();
  return out;
}

// --- from agents and their supervisors ---

void agent_host_state::finished(v1::TaskResult& result) {
  core_->finished(std::move(result), now());
  apply();
}

void agent_host_state::harvest(instance_entry& from, int64_t at) {
  auto i = from.work.begin();
  for (; i != from.work.end(); ++i) {
    auto& work = **i;
    for (auto done = work.done.load(std::memory_order_acquire); work.taken < done; ++work.taken) {
      auto& x = work.items[work.taken];
      core_->finished(x.ticket, std::move(x.result), x.run_us, at);
    }
    if (work.taken < work.items.size())
      break;
  }
  from.work.erase(from.work.begin(), i);
}

void agent_host_state::serial_done() {
  const auto& sender = self_->current_sender();
  auto i = sender ? instance_of_.find(sender->id()) : instance_of_.end();
  if (i == instance_of_.end())
    return;
  if (auto k = instances_.find(i->second); k != instances_.end())
    harvest(k->second, now());
  apply();
}

void agent_host_state::progressed(const v1::TaskProgress& x) {
  auto id = core_->progress_sink(x);
  if (!id)
    return;
  auto i = sinks_.find(*id);
  if (i == sinks_.end())
    return;
  i->second.progress.insert_or_assign(std::pair{x.run_id(), x.task()}, x);
  if (!std::exchange(progress_pending_, true))
    self_->delayed_send(self_, config_.progress_interval, flush_progress{});
}

caf::typed_response_promise<v1::OpAnswer> agent_host_state::operate(v1::TaskOp& op) {
  auto promise = self_->make_response_promise<caf::typed_response_promise<v1::OpAnswer>>();
  auto owner = core_->owner_of(op.run_id(), op.task(), op.attempt());
  auto sink = owner ? sinks_.find(owner->sink) : sinks_.end();
  if (sink == sinks_.end()) {
    promise.deliver(caf::make_error(ec::cancelled, "the task has ended"));
    return promise;
  }
  auto bytes = op.ByteSizeLong();
  if (operations_.size() >= max_operations || operation_bytes_ + bytes > max_operation_bytes) {
    promise.deliver(caf::make_error(ec::resource_exhausted, operations_.empty()
                                                                ? "the operation is larger than a node takes"
                                                                : "too many operations wait on this node"));
    return promise;
  }
  // The same operation again: the later asker is the one who listens.
  op_key key{op.run_id(), op.task(), op.attempt(), op.number()};
  if (auto i = operations_.find(key); i != operations_.end())
    end_operation(i);
  operations_.emplace(std::move(key), open_operation{promise, bytes});
  operation_bytes_ += bytes;
  op.set_epoch(owner->epoch);
  if (sink->second.results.results_size() == 0 && sink->second.operations.operations_size() == 0)
    dirty_.push_back(owner->sink);
  *sink->second.operations.add_operations() = std::move(op);
  apply();
  return promise;
}

std::map<agent_host_state::op_key, agent_host_state::open_operation>::iterator
agent_host_state::end_operation(std::map<op_key, open_operation>::iterator i) {
  operation_bytes_ -= i->second.bytes;
  return operations_.erase(i);
}

void agent_host_state::answered(v1::OpAnswerBatch& batch) {
  for (auto& x : *batch.mutable_answers()) {
    auto i = operations_.find(op_key{x.run_id(), x.task(), x.attempt(), x.number()});
    if (i == operations_.end())
      continue;
    i->second.answer.deliver(std::move(x));
    end_operation(i);
  }
}

bool agent_host_state::forget_operations(const v1::TaskResult& x) {
  auto had_some = false;
  auto i = operations_.lower_bound(op_key{x.run_id(), x.task(), x.attempt(), 0});
  while (i != operations_.end() && std::get<0>(i->first) == x.run_id() && std::get<1>(i->first) == x.task()
         && std::get<2>(i->first) == x.attempt()) {
    i->second.answer.deliver(caf::make_error(ec::cancelled, "the task has ended"));
    i = end_operation(i);
    had_some = true;
  }
  return had_some;
}

void agent_host_state::started(const instance_started& x) {
  auto i = instances_.find(x.instance);
  if (i == instances_.end() || i->second.abandoned)
    return;
  auto& entry = i->second;
  // The next life may be faster than the news of the end.
  if (entry.handle)
    ended({entry.handle.id(), entry.end ? entry.end : caf::make_error(ec::agent_crashed, "it was started again")});
  entry.handle = x.handle;
  if (entry.is_serial)
    entry.serial = caf::actor_cast<serial_agent_actor>(x.handle);
  instance_of_.insert_or_assign(x.handle.id(), x.instance);
  probe_->agent_up(entry.kind);
  if (std::exchange(entry.was_up, true)) {
    probe_->agent_restarted(entry.agent_name);
    neighbours_.context.log->info("supervisor restarted agent {}", entry.agent_name);
  }
  // Up before down: of an agent that is dead already, the message comes next.
  core_->instance_up(x.instance, now());
  self_->monitor(x.handle);
  apply();
}

void agent_host_state::not_started(const instance_not_started& x) {
  auto i = instances_.find(x.instance);
  if (i == instances_.end())
    return;
  neighbours_.context.log->warn("agent host could not start agent {}: {}", i->second.agent_name, x.why.message());
  if (auto a = agents_.find(i->second.agent); a != agents_.end() && i->second.was_up)
    stop_child_of(a->second.supervisor, "instance " + std::to_string(x.instance));
  instances_.erase(i);
  core_->instance_failed(x.instance, x.why, now());
  apply();
}

void agent_host_state::ended(const instance_ended& x) {
  auto i = instance_of_.find(x.instance);
  if (i == instance_of_.end())
    return;
  auto instance = i->second;
  instance_of_.erase(i);
  if (auto k = instances_.find(instance); k != instances_.end()) {
    auto reason = from_caf(x.reason).message;
    probe_->agent_down(k->second.kind);
    harvest(k->second, now());
    k->second.work.clear();
    k->second.handle = nullptr;
    k->second.serial = nullptr;
    k->second.end = caf::none;
    if (k->second.abandoned)
      instances_.erase(k);
    else
      neighbours_.context.log->warn("agent {} crashed: {}", k->second.agent_name, reason);
    core_->instance_down(instance, reason, now());
  }
  apply();
}

void agent_host_state::went_down(const caf::down_msg& down) {
  auto id = down.source.id();
  auto reason = from_caf(down.reason).message;
  if (auto i = instance_of_.find(id); i != instance_of_.end()) {
    if (auto k = instances_.find(i->second); k != instances_.end())
      k->second.end = down.reason;
    self_->send(self_, instance_ended{id, down.reason});
  } else if (auto s = agent_of_supervisor_.find(id); s != agent_of_supervisor_.end()) {
    auto agent = s->second;
    agent_of_supervisor_.erase(s);
    neighbours_.context.log->error("supervisor of agent {} gave up: {}", agents_.at(agent).child_id, reason);
    agents_.erase(agent);
    forget_instances(agent);
    core_->agent_gone(agent, reason, now());
  } else if (sinks_.contains(id)) {
    core_->drop_sink(id, now());
    apply();
    sinks_.erase(id);
  }
  apply();
}

void agent_host_state::agent_broke(const caf::strong_actor_ptr& agent, const caf::error& why) {
  if (!agent)
    return;
  if (auto i = instance_of_.find(agent->id()); i != instance_of_.end()) {
    // It answered a task with an error in place of a result, and nobody can tell which: it broke its contract.
    neighbours_.context.log->error("agent {} answered with an error in place of a result: {}",
                                   instances_.at(i->second).agent_name, from_caf(why).message);
    self_->send_exit(caf::actor_cast<caf::actor>(agent), why);
  }
}

// --- to itself ---

void agent_host_state::flush() {
  flush_is_due_ = false;
  probe_->load_changed(core_->load(), core_->counters());
  for (auto id : std::exchange(dirty_, {}))
    if (auto i = sinks_.find(id); i != sinks_.end())
      send_results(i->second);
}

void agent_host_state::pass_progress_on() {
  progress_pending_ = false;
  for (auto& entry : sinks_) {
    auto& waiting = entry.second.progress;
    if (waiting.empty())
      continue;
    v1::ProgressBatch out;
    for (auto& x : waiting)
      if (core_->progress_sink(x.second))
        *out.add_progress() = std::move(x.second);
    waiting.clear();
    if (out.progress_size() > 0)
      self_->send(entry.second.handle, std::move(out));
  }
}

void agent_host_state::tick(const host_tick& x) {
  if (!alarm_.rings(x.number))
    return;
  auto at = now();
  // Whoever runs out of time is the one whose turn it is.
  for (auto& [id, entry] : instances_)
    harvest(entry, at);
  core_->tick(at);
  apply();
}

void agent_host_state::schedule_tick() {
  auto due = core_->next_deadline();
  auto tick = due ? alarm_.arm(*due) : std::nullopt;
  if (!tick)
    return;
  using std::chrono::microseconds;
  auto wait = std::clamp(microseconds{*due - now()}, microseconds{0}, microseconds{tick_alarm::longest});
  self_->delayed_send(self_, wait, host_tick{*tick});
}

namespace {

agent_host_shell::behavior_type agent_host(agent_host_state::pointer self, agent_host_config config,
                                           agent_host_neighbours neighbours) {
  self->state.start(self, std::move(config), std::move(neighbours));
  self->set_down_handler([self](const caf::down_msg& down) { self->state.went_down(down); });
  self->set_error_handler([self](const caf::error& why) { self->state.agent_broke(self->current_sender(), why); });
  return {
      [self](task_batch& batch, const result_sink_actor& sink) { self->state.submit(batch, sink); },
      [self](const v1::CancelBatch& batch) { self->state.cancel(batch); },
      [self](const v1::DrainNode&) { return self->state.drain(); },
      [self](v1::TaskResult& result) { self->state.finished(result); },
      [self](const serial_work_done&) { self->state.serial_done(); },
      [self](const v1::TaskProgress& x) { self->state.progressed(x); },
      [self](v1::TaskOp& op) { return self->state.operate(op); },
      [self](v1::OpAnswerBatch& batch) { self->state.answered(batch); },
      [self](const instance_started& x) { self->state.started(x); },
      [self](const instance_not_started& x) { self->state.not_started(x); },
      [self](const instance_ended& x) { self->state.ended(x); },
      [self](const flush_results&) { self->state.flush(); },
      [self](const flush_progress&) { self->state.pass_progress_on(); },
      [self](const host_tick& x) { self->state.tick(x); },
  };
}

} // namespace

agent_host_actor spawn_agent_host(caf::actor_system& system, agent_host_config config,
                                  agent_host_neighbours neighbours) {
  return caf::actor_cast<agent_host_actor>(system.spawn(agent_host, std::move(config), std::move(neighbours)));
}

} // namespace troupe
