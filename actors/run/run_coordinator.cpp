#include "actors/run/run_coordinator.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "actors/run/agent_specs.hpp"
#include "messages/errors.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/core/log_subject.hpp"
#include "runtime/run/command_batches.hpp"
#include "runtime/run/replay.hpp"
#include "runtime/run/state_name.hpp"
#include "runtime/team/settlement.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

/// Who asks again while the store fails needs no answer of its own for ever.
constexpr size_t most_cancels_waiting = 256;

} // namespace

run_coordinator_state::~run_coordinator_state() {
  if (waited_)
    neighbours_.waits->end(session_->summary().run_id(), neighbours_.time->steady_ms());
  for (auto& [seq, promise] : to_acknowledge_)
    promise.deliver(
        to_caf({v1::ERROR_CODE_UNAVAILABLE, "the run's coordinator ended before the journal had it", true}));
}

int64_t run_coordinator_state::now() const {
  return time_->now_ms(*neighbours_.time);
}

void run_coordinator_state::start(pointer self, run_start from, run_coordinator_config config,
                                  run_neighbours neighbours, run_probe probe) {
  self_ = self;
  config_ = config;
  neighbours_ = std::move(neighbours);
  time_.emplace(*neighbours_.time);
  probe_ = std::move(probe);
  specs_ = std::move(from.specs);
  definition_ = from.definition;
  // Updates are made once somebody listens.
  session_.emplace(from.definition, from.summary, false);
  if (!neighbours_.backlog)
    session_->allow_ahead();
  beginning_.emplace(config_.beginning);
  if (!from.events.empty())
    traceparent_ = from.events.front().run_submitted().traceparent();
  if (!from.resumed && from.events.size() == 1) {
    beginning_->add(from.events.front());
    session_->begin(from.events.front(), [this](std::vector<command> commands) { execute(std::move(commands)); });
  } else {
    beginning_->give_up();
    for (const auto& event : from.events)
      session_->replay(event);
    session_->resume(now());
  }
  pump();
}

// -- what comes in ----------------------------------------------------------------------------------------------------

void run_coordinator_state::offer(v1::RunEvent event) {
  if (!session_->offer(std::move(event), now()))
    probe_->result_late();
}

void run_coordinator_state::results(v1::ResultBatch& batch) {
  fail_point("run.result");
  for (auto& result : take_results(batch)) {
    v1::RunEvent event;
    event.mutable_task_finished()->set_allocated_result(result.release());
    offer(std::move(event));
  }
  pump();
}

void run_coordinator_state::lost(const v1::TaskLost& loss) {
  v1::RunEvent event;
  *event.mutable_task_lost() = loss;
  offer(std::move(event));
  pump();
}

void run_coordinator_state::progress(const v1::ProgressBatch& batch) {
  if (watchers_.empty())
    return;
  for (const auto& note : batch.progress()) {
    v1::RunUpdate update;
    update.set_run_id(note.run_id());
    update.set_at_ms(now());
    *update.mutable_task_progress() = note;
    publish(std::move(update));
  }
}

void run_coordinator_state::operations(v1::OpBatch& batch) {
  v1::OpAnswerBatch refused;
  for (auto& op : *batch.mutable_operations()) {
    if (auto why = session_->machine().refusal_of(op)) {
      auto& answer = *refused.add_answers();
      answer.set_run_id(op.run_id());
      answer.set_task(op.task());
      answer.set_attempt(op.attempt());
      answer.set_number(op.number());
      *answer.mutable_error() = why->to_proto();
      continue;
    }
    v1::RunEvent event;
    event.mutable_task_operation()->mutable_op()->Swap(&op);
    session_->offer(std::move(event), now());
  }
  if (refused.answers_size() > 0)
    self_->send(neighbours_.dispatcher, std::move(refused));
  pump();
}

caf::result<v1::Ack> run_coordinator_state::answer_question(const v1::AnswerQuestion& request) {
  if (to_acknowledge_.size() >= most_cancels_waiting)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "other answers are waiting for the journal already", true});
  if (!read_settlement(request.content()))
    return to_caf({v1::ERROR_CODE_INVALID_INPUT,
                   "an answer is {\"keep\": \"current\"}, {\"keep\": \"proposed\"} or {\"value\": …}; this is "
                       + clean_text(request.content(), 64),
                   false});
  v1::RunEvent event;
  auto& answer = *event.mutable_question_answered();
  answer.set_step(request.step());
  answer.set_question(request.question());
  answer.set_content(request.content());
  answer.set_who(request.who());
  if (!session_->offer(std::move(event), now()))
    return caf::make_error(ec::not_found, "no team of run " + session_->summary().run_id()
                                              + " waits for an answer to \"" + request.question().substr(0, 64)
                                              + "\": there is no such question, or it is settled");
  return acknowledged();
}

caf::result<v1::Ack> run_coordinator_state::cancel(const std::string& reason) {
  if (to_acknowledge_.size() >= most_cancels_waiting)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the cancellation is waiting for the journal already", true});
  v1::RunEvent event;
  event.mutable_run_cancel_requested()->set_reason(reason);
  session_->offer(std::move(event), now());
  return acknowledged();
}

caf::result<v1::Ack> run_coordinator_state::acknowledged() {
  auto promise = self_->make_response_promise<v1::Ack>();
  // Where the run has been cancelled or has ended already, that may still be on its way to the journal.
  to_acknowledge_.emplace(session_->last_seq(), promise);
  acknowledge();
  pump();
  return promise;
}

void run_coordinator_state::acknowledge() {
  auto end = to_acknowledge_.upper_bound(session_->durable_seq());
  for (auto i = to_acknowledge_.begin(); i != end; ++i)
    i->second.deliver(v1::Ack{});
  to_acknowledge_.erase(to_acknowledge_.begin(), end);
}

void run_coordinator_state::tick(const run_timer_tick& x) {
  if (!alarm_.rings(x.number))
    return;
  session_->fire_timers(now());
  pump();
}

// -- what goes out ----------------------------------------------------------------------------------------------------

void run_coordinator_state::execute(std::vector<command> commands) {
  struct {
    run_coordinator_state& run;

    void send(task_batch x) {
      run.self_->send(run.neighbours_.dispatcher, std::move(x), task_owner_actor{run.self_});
    }
    void send(v1::CancelBatch x) {
      run.self_->send(run.neighbours_.dispatcher, std::move(x));
    }
    void send(v1::OpAnswerBatch x) {
      run.self_->send(run.neighbours_.dispatcher, std::move(x));
    }
  } dispatcher{*this};
  command_batches batches{dispatcher};
  for (auto& next : commands) {
    if (auto* start = std::get_if<start_task>(&next)) {
      if (start->task->attempt() > 1) {
        probe_->task_retried();
        spdlog::debug("{} run tries {} again", about(*start->task), start->task->step());
      }
      const auto& spec = specs_->find(start->task->agent())->second;
      batches.add(std::move(*start), spec);
    } else if (auto* stop = std::get_if<cancel_task>(&next)) {
      batches.add(std::move(*stop), session_->summary().run_id());
    } else if (auto* answered = std::get_if<answer_op>(&next)) {
      batches.add(std::move(*answered));
    } else if (auto* combine = std::get_if<start_aggregation>(&next)) {
      start_aggregation_of(combine->request);
    } else if (auto* update = std::get_if<publish_update>(&next)) {
      publish(std::move(update->update));
    } else if (auto* seen = std::get_if<workspace_shown>(&next)) {
      show(*seen);
    } else if (auto* news = std::get_if<workspace_changed>(&next)) {
      tell(*news);
    } else if (auto* over = std::get_if<workspace_ended>(&next)) {
      close(*over);
    } else if (auto* end = std::get_if<finish_run>(&next)) {
      finish(*end);
    }
  }
  batches.finish();
}

void run_coordinator_state::start_aggregation_of(const aggregation_request_ptr& request) {
  // Bounded like any task; a CPU-bound strategy over 100 000 results takes seconds, not minutes.
  constexpr auto patience = std::chrono::minutes{5};
  self_->request(neighbours_.aggregator, patience, request)
      .then(
          [this](v1::TaskResult& result) {
            v1::RunEvent event;
            *event.mutable_task_finished()->mutable_result() = std::move(result);
            offer(std::move(event));
            pump();
          },
          [this, request](const caf::error& why) {
            v1::TaskLost loss;
            loss.set_task(request->task);
            loss.set_attempt(request->attempt);
            loss.set_reason(from_caf(why).message);
            lost(loss);
          });
}

void run_coordinator_state::finish(const finish_run& how) {
  const auto& summary = session_->summary();
  v1::RunUpdate update;
  update.set_run_id(summary.run_id());
  update.set_seq(++update_seq_);
  update.set_at_ms(summary.finished_at_ms());
  auto* finished = update.mutable_run_finished();
  *finished->mutable_summary() = summary;
  finished->set_output(how.output);
  set_counts(how.counts, *finished);
  if (how.error.code() != v1::ERROR_CODE_UNSPECIFIED)
    *finished->mutable_error() = how.error;
  last_word_ = std::move(update);
  fail_point("run.ended");
  auto took = summary.finished_at_ms() - summary.created_at_ms();
  probe_->run_ended(how.state, took);
  spdlog::info("{} run ended after {} ms: {}{}{}", about(summary.run_id(), traceparent_), took, state_name(how.state),
               how.error.message().empty() ? "" : ": ", how.error.message());
}

void run_coordinator_state::publish(v1::RunUpdate update) {
  update.set_seq(++update_seq_);
  for (const auto& watcher : watchers_)
    self_->send(watcher, update);
}

caf::result<v1::RunSummary> run_coordinator_state::watch(const v1::WatchRun& request,
                                                         const run_watcher_actor& watcher) {
  if (watchers_.size() + waiters_.size() >= config_.most_watchers)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                   "the run has its " + std::to_string(config_.most_watchers) + " watchers already", true});
  self_->monitor(watcher);
  if (request.only_the_end()) {
    waiters_.push_back(watcher);
    return session_->summary();
  }
  watchers_.push_back(watcher);
  joining_.emplace_back(session_->last_seq(), watcher);
  session_->publish_at_most(UINT64_MAX);
  tell_beginning();
  return session_->summary();
}

void run_coordinator_state::tell_beginning() {
  auto waits = [this](const auto& x) { return x.first > session_->durable_seq(); };
  auto ready = std::stable_partition(joining_.begin(), joining_.end(), waits);
  for (auto i = ready; i != joining_.end(); ++i) {
    auto updates = beginning_->updates(definition_, i->first);
    if (updates) {
      update_seq_ = std::max<uint64_t>(update_seq_, updates->size());
    } else {
      updates = session_->machine().snapshot();
      for (auto& update : *updates)
        update.set_seq(update_seq_);
    }
    for (auto& update : *updates)
      self_->send(i->second, std::move(update));
  }
  joining_.erase(ready, joining_.end());
}

void run_coordinator_state::forget(const caf::actor_addr& gone) {
  std::erase_if(workspaces_, [&](const auto& x) { return x.second.workspace == gone; });
  std::erase_if(waiters_, [&](const auto& x) { return x == gone; });
  std::erase_if(joining_, [&](const auto& x) { return x.second == gone; });
  if (std::erase_if(watchers_, [&](const auto& x) { return x == gone; }) > 0 && watchers_.empty())
    session_->publish_at_most(0);
}

void run_coordinator_state::arm_timer() {
  auto next = session_->next_timer();
  auto tick = next ? alarm_.arm(*next) : std::nullopt;
  if (!tick)
    return;
  auto wait = std::clamp(milliseconds{*next - now()}, milliseconds{0}, milliseconds{tick_alarm::longest});
  self_->delayed_send(self_, wait, run_timer_tick{*tick});
}

run_coordinator_actor::behavior_type run_coordinator(run_coordinator_state::pointer self, run_start from,
                                                     run_coordinator_config config, run_neighbours neighbours,
                                                     run_probe probe) {
  self->set_down_handler([self](const caf::down_msg& down) { self->state.forget(down.source); });
  self->state.start(self, std::move(from), config, std::move(neighbours), std::move(probe));
  return {
      [self](v1::ResultBatch& batch) { self->state.results(batch); },
      [self](const v1::ProgressBatch& batch) { self->state.progress(batch); },
      [self](v1::OpBatch& batch) { self->state.operations(batch); },
      [self](const v1::AnswerQuestion& request) { return self->state.answer_question(request); },
      [self](const v1::TaskLost& loss) { self->state.lost(loss); },
      [self](const v1::CancelRun& request) { return self->state.cancel(request.reason()); },
      [self](const v1::WatchRun& request, const run_watcher_actor& watcher) {
        return self->state.watch(request, watcher);
      },
      [self](const v1::ReadWorkspace& request) { return self->state.read_workspace(request); },
      [self](const v1::WatchWorkspace& request, const workspace_watcher_actor& watcher) {
        return self->state.watch_workspace(request, watcher);
      },
      [self](const run_timer_tick& x) { self->state.tick(x); },
      [self](store_retry_tick) { self->state.retry_store(); },
  };
}

} // namespace troupe
