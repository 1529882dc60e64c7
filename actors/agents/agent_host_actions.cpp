// What the core of an agent host wants done, with actors.

#include "actors/agents/agent_host_state.hpp"
#include "messages/errors.hpp"
#include "runtime/core/log_subject.hpp"

#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <atomic>

namespace troupe {

namespace {

/// Child ids stay unique even when a host was started anew under the same supervisor.
std::atomic<uint64_t> last_child{0};

} // namespace

void agent_host_state::apply() {
  // Moved out and back: what an action leads to may come here again.
  auto actions = std::move(actions_);
  actions.clear();
  core_->take_actions(actions);
  for (auto& x : actions)
    std::visit([this](auto& y) { act(y); }, x);
  actions.clear();
  actions_ = std::move(actions);
  for (auto instance : std::exchange(to_run_, {})) {
    auto i = instances_.find(instance);
    if (i == instances_.end() || !i->second.next)
      continue;
    auto work = std::exchange(i->second.next, nullptr);
    i->second.work.push_back(work);
    self_->send(i->second.serial, std::move(work));
  }
  schedule_tick();
  if (self_->mailbox().empty())
    flush();
  else if (!std::exchange(flush_is_due_, true))
    self_->send(self_, flush_results{});
  if (draining_.empty() || !core_->drained())
    return;
  // The last results first: whoever hears that the node is drained says goodbye for it, and what comes after that
  // counts as lost.
  flush();
  for (auto& x : std::exchange(draining_, {}))
    x.deliver(v1::Ack{});
}

void agent_host_state::act(host_action::start_instance& x) {
  instance_entry entry;
  entry.agent = x.agent;
  entry.agent_name = x.spec->name();
  entry.kind = x.spec->kind();
  auto [i, is_new] = agents_.try_emplace(x.agent);
  if (is_new)
    i->second.is_serial = neighbours_.kinds->serial(*x.spec);
  entry.is_serial = i->second.is_serial;
  instances_.emplace(x.instance, std::move(entry));
  if (is_new) {
    i->second.child_id = x.spec->name() + " #" + std::to_string(++last_child);
    i->second.waiting.push_back(x);
    supervise(x.agent);
  } else if (!i->second.supervisor) {
    i->second.waiting.push_back(x);
  } else {
    start_under(i->second, x);
  }
}

void agent_host_state::supervise(uint64_t agent) {
  auto& a = agents_.at(agent);
  child_spec child;
  child.id = a.child_id;
  child.restart = restart_type::temporary;
  child.grace = config_.supervisor_timeout;
  child.start = [make = neighbours_.make_agent_supervisor](caf::actor_system& system) {
    return caf::actor_cast<caf::actor>(make(system));
  };
  self_->request(neighbours_.supervisor, config_.supervisor_timeout, start_child{std::move(child)})
      .then(
          [this, agent, id = a.child_id](const caf::actor& handle) {
            auto i = agents_.find(agent);
            if (i == agents_.end() || i->second.child_id != id)
              return stop_child_of(neighbours_.supervisor, id);
            i->second.supervisor = caf::actor_cast<supervisor_actor>(handle);
            agent_of_supervisor_.emplace(handle.id(), agent);
            self_->monitor(handle);
            for (auto& x : std::exchange(i->second.waiting, {}))
              start_under(i->second, x);
          },
          [this, agent, id = a.child_id](const caf::error& e) {
            auto i = agents_.find(agent);
            if (i == agents_.end() || i->second.child_id != id)
              return;
            agents_.erase(i);
            forget_instances(agent);
            core_->agent_gone(agent, from_caf(e).message, now());
            apply();
          });
}

void agent_host_state::start_under(agent_entry& a, const host_action::start_instance& x) {
  child_spec child;
  child.id = "instance " + std::to_string(x.instance);
  // Runs on the supervisor's thread, at the first start and at every restart.
  child.start = [kinds = neighbours_.kinds, context = context_, spec = x.spec, instance = x.instance,
                 home = caf::actor_cast<caf::actor_addr>(agent_host_shell{self_})](caf::actor_system&) {
    auto host = caf::actor_cast<agent_host_shell>(home);
    if (!host)
      return caf::actor{};
    auto made = kinds->spawn(*spec, *context);
    if (!made) {
      caf::anon_send(host, instance_not_started{instance, made.error().to_proto()});
      return caf::actor{};
    }
    caf::anon_send(host, instance_started{instance, *made});
    return caf::actor_cast<caf::actor>(*made);
  };
  self_->request(a.supervisor, config_.supervisor_timeout, start_child{std::move(child)})
      .then([](const caf::actor&) {},
            [this, instance = x.instance](const caf::error& e) {
              // Where the agent's kind refused, the reason has come before this.
              v1::Error why;
              why.set_code(v1::ERROR_CODE_INTERNAL);
              why.set_message(from_caf(e).message);
              why.set_retryable(true);
              if (auto i = instances_.find(instance); i != instances_.end() && !i->second.was_up)
                not_started({instance, why});
            });
}

void agent_host_state::act(host_action::abandon_instance& x) {
  auto i = instances_.find(x.instance);
  if (i == instances_.end())
    return;
  i->second.abandoned = true;
  neighbours_.context.log->warn("agent {} ignored a cancellation and was replaced", i->second.agent_name);
  if (auto a = agents_.find(x.agent); a != agents_.end() && a->second.supervisor)
    stop_child_of(a->second.supervisor, "instance " + std::to_string(x.instance));
}

void agent_host_state::act(host_action::stop_agent& x) {
  auto i = agents_.find(x.agent);
  if (i == agents_.end())
    return;
  if (i->second.supervisor) {
    agent_of_supervisor_.erase(i->second.supervisor.id());
    self_->demonitor(i->second.supervisor.address());
    stop_child_of(neighbours_.supervisor, i->second.child_id);
  }
  agents_.erase(i);
  forget_instances(x.agent);
}

void agent_host_state::act(host_action::run_task& x) {
  probe_->task_started(*x.agent);
  if (neighbours_.context.log->should_log(spdlog::level::debug))
    neighbours_.context.log->debug("{} agent {} begins {}", about(*x.task), *x.agent, x.task->step());
  auto i = instances_.find(x.instance);
  if (i == instances_.end() || !i->second.handle)
    return;
  auto& entry = i->second;
  if (!entry.serial) {
    self_->send(entry.handle, *x.task);
    return;
  }
  if (!entry.next) {
    entry.next = std::make_shared<serial_work>();
    to_run_.push_back(x.instance);
  }
  entry.next->items.push_back({std::move(x.task), x.ticket, nullptr, 0});
}

void agent_host_state::act(host_action::cancel_task& x) {
  if (auto i = instances_.find(x.instance); i != instances_.end() && i->second.handle)
    self_->send(i->second.handle, std::move(x.task));
}

void agent_host_state::act(host_action::answer& x) {
  probe_->task_answered(*x.agent, *x.result, x.started);
  log_failure(x);
  auto i = sinks_.find(x.sink);
  if (i == sinks_.end())
    return;
  auto& sink = i->second;
  if (!operations_.empty() && forget_operations(*x.result) && x.result->status() == v1::TASK_STATUS_TIMED_OUT)
    x.result->mutable_error()->mutable_message()->append(
        "; it was waiting for what becomes of its last operation, and such waits count");
  if (sink.results.results_size() == 0 && sink.operations.operations_size() == 0)
    dirty_.push_back(x.sink);
  sink.bytes += x.result->output().data().size();
  add_result(sink.results, std::move(x.result));
  if (sink.results.results_size() >= max_batch_results || sink.bytes >= max_batch_bytes)
    send_results(sink);
}

void agent_host_state::log_failure(const host_action::answer& x) const {
  const auto& result = *x.result;
  if (result.status() == v1::TASK_STATUS_SUCCESS)
    return;
  // Cancelled and rejected ones are everyday business.
  auto failed = result.status() == v1::TASK_STATUS_FAILED || result.status() == v1::TASK_STATUS_TIMED_OUT;
  auto level = failed ? spdlog::level::info : spdlog::level::debug;
  if (neighbours_.context.log->should_log(level))
    neighbours_.context.log->log(level, "{} agent {} did not do its task: {}",
                                 about(result.run_id(), result.task(), result.attempt(), x.traceparent), *x.agent,
                                 result.error().message());
}

void agent_host_state::send_results(sink_entry& sink) {
  // What a task did comes before how it ended.
  if (auto operations = std::exchange(sink.operations, {}); operations.operations_size() > 0)
    self_->send(sink.handle, std::move(operations));
  sink.bytes = 0;
  auto out = std::exchange(sink.results, {});
  if (out.results_size() > 0)
    self_->send(sink.handle, std::move(out));
}

void agent_host_state::stop_child_of(const supervisor_actor& supervisor, const std::string& id) {
  // The child is gone or forgotten either way: there is nobody to tell.
  self_->request(supervisor, config_.supervisor_timeout, stop_child{id})
      .then([](const v1::Ack&) {}, [](const caf::error&) {});
}

void agent_host_state::forget_instances(uint64_t agent) {
  std::erase_if(instances_, [&](auto& entry) {
    auto& x = entry.second;
    if (x.agent != agent || x.abandoned)
      return false;
    if (x.handle) {
      self_->demonitor(x.handle.address());
      instance_of_.erase(x.handle.id());
      probe_->agent_down(x.kind);
    }
    return true;
  });
}

} // namespace troupe
