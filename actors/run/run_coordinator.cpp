#include "actors/run/run_coordinator.hpp"

#include "actors/fail_point/fail_point.hpp"
#include "actors/run/agent_specs.hpp"
#include "messages/errors.hpp"
#include "runtime/core/log_subject.hpp"
#include "runtime/run/replay.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <utility>

namespace troupe {

namespace {

/// Keys are short and the payloads small: a batch of this size stays well below a frame's limit.
constexpr int most_tasks_per_batch = 2'048;

/// Who asks again while the store fails needs no answer of its own for ever.
constexpr size_t most_cancels_waiting = 256;

const char* in_words(v1::RunState state) {
  switch (state) {
  case v1::RUN_STATE_SUCCEEDED:
    return "succeeded";
  case v1::RUN_STATE_PARTIAL:
    return "succeeded in part";
  case v1::RUN_STATE_CANCELLED:
    return "cancelled";
  default:
    return "failed";
  }
}

} // namespace

run_coordinator_state::~run_coordinator_state() {
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
  for (const auto& [agent, definition] : from.definition->agents)
    specs_.emplace(agent, to_spec(definition));
  session_.emplace(from.definition, from.summary);
  if (!from.events.empty())
    traceparent_ = from.events.front().run_submitted().traceparent();
  for (const auto& event : from.events)
    session_->replay(event);
  if (from.resumed)
    session_->resume(now());
  else if (!session_->machine().finished())
    execute(session_->appended(from.events.size()));
  pump();
}

// -- what comes in ----------------------------------------------------------------------------------------------------

void run_coordinator_state::offer(v1::RunEvent event) {
  if (!session_->offer(std::move(event), now()))
    probe_->result_late();
}

void run_coordinator_state::results(const v1::ResultBatch& batch) {
  fail_point("run.result");
  for (const auto& result : batch.results()) {
    v1::RunEvent event;
    *event.mutable_task_finished()->mutable_result() = result;
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

caf::result<v1::Ack> run_coordinator_state::cancel(const std::string& reason) {
  if (to_acknowledge_.size() >= most_cancels_waiting)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the cancellation is waiting for the journal already", true});
  v1::RunEvent event;
  event.mutable_run_cancel_requested()->set_reason(reason);
  session_->offer(std::move(event), now());
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

void run_coordinator_state::tick() {
  armed_for_.reset();
  session_->fire_timers(now());
  pump();
}

// -- journal before use -----------------------------------------------------------------------------------------------

void run_coordinator_state::pump() {
  if (!waits_for_store_)
    append();
  arm_timer();
  if (session_->done() && last_word_) {
    for (const auto& watcher : watchers_)
      self_->send(watcher, *last_word_);
    self_->quit();
  }
}

void run_coordinator_state::append() {
  auto next = session_->take_append();
  if (!next)
    return;
  self_->request(neighbours_.journal, config_.append_timeout, std::move(*next))
      .then(
          [this](const v1::EventsAppended& done) {
            fail_point("run.durable");
            execute(session_->appended(done.last_seq()));
            acknowledge();
            pump();
          },
          [this](const caf::error& why) { append_failed(from_caf(why)); });
}

void run_coordinator_state::append_failed(const error& why) {
  auto run = about(session_->summary().run_id(), traceparent_);
  if (why.code == v1::ERROR_CODE_FENCED || why.code == v1::ERROR_CODE_NOT_FOUND) {
    // Somebody else owns the run. What this life still had in mind must not leave it.
    spdlog::warn("{} run is owned by another coordinator now: {}", run, why.message);
    self_->quit(to_caf(why));
    return;
  }
  spdlog::error("{} run waits for its journal: {}", run, why.message);
  session_->append_failed();
  waits_for_store_ = true;
  self_->delayed_send(self_, config_.append_retry, store_retry_tick{});
}

void run_coordinator_state::retry_store() {
  waits_for_store_ = false;
  pump();
}

// -- what goes out ----------------------------------------------------------------------------------------------------

void run_coordinator_state::execute(std::vector<command> commands) {
  v1::TaskBatch tasks;
  v1::CancelBatch cancels;
  std::set<std::string_view> named;
  auto flush_tasks = [&] {
    if (tasks.tasks_size() > 0)
      self_->send(neighbours_.dispatcher, std::move(tasks), task_owner_actor{self_});
    tasks = {};
    named.clear();
  };
  auto flush_cancels = [&] {
    if (cancels.tasks_size() > 0)
      self_->send(neighbours_.dispatcher, std::move(cancels));
    cancels = {};
  };
  for (auto& next : commands) {
    if (auto* start = std::get_if<start_task>(&next)) {
      // In order: a cancel that comes after a start must not overtake it.
      flush_cancels();
      if (start->task.attempt() > 1) {
        probe_->task_retried();
        spdlog::debug("{} run tries {} again", about(start->task), start->task.step());
      }
      auto spec = specs_.find(start->task.agent());
      if (named.insert(spec->first).second)
        *tasks.add_agents() = spec->second;
      *tasks.add_tasks() = std::move(start->task);
      if (tasks.tasks_size() >= most_tasks_per_batch)
        flush_tasks();
    } else if (auto* stop = std::get_if<cancel_task>(&next)) {
      flush_tasks();
      auto* out = cancels.add_tasks();
      out->set_run_id(session_->summary().run_id());
      out->set_task(stop->task);
      out->set_attempt(stop->attempt);
      out->set_reason(stop->reason);
    } else if (auto* combine = std::get_if<start_aggregation>(&next)) {
      start_aggregation_of(combine->request);
    } else if (auto* update = std::get_if<publish_update>(&next)) {
      publish(std::move(update->update));
    } else if (auto* end = std::get_if<finish_run>(&next)) {
      finish(*end);
    }
  }
  flush_tasks();
  flush_cancels();
}

void run_coordinator_state::start_aggregation_of(const aggregation_request_ptr& request) {
  // Bounded like any task; a CPU-bound strategy over 100 000 results takes seconds, not minutes.
  constexpr auto patience = std::chrono::minutes{5};
  self_->request(neighbours_.aggregator, patience, request)
      .then(
          [this](const v1::TaskResult& result) {
            v1::RunEvent event;
            *event.mutable_task_finished()->mutable_result() = result;
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
  spdlog::info("{} run ended after {} ms: {}{}{}", about(summary.run_id(), traceparent_), took, in_words(how.state),
               how.error.message().empty() ? "" : ": ", how.error.message());
}

void run_coordinator_state::publish(v1::RunUpdate update) {
  update.set_seq(++update_seq_);
  for (const auto& watcher : watchers_)
    self_->send(watcher, update);
  if (beginning_.size() < config_.beginning_kept)
    beginning_.push_back(std::move(update));
}

void run_coordinator_state::watch(const run_watcher_actor& watcher) {
  if (watchers_.size() >= config_.most_watchers)
    return;
  self_->monitor(watcher);
  watchers_.push_back(watcher);
  if (update_seq_ == beginning_.size()) {
    for (const auto& update : beginning_)
      self_->send(watcher, update);
    return;
  }
  for (auto& update : session_->machine().snapshot()) {
    update.set_seq(update_seq_);
    self_->send(watcher, std::move(update));
  }
}

void run_coordinator_state::forget(const caf::actor_addr& gone) {
  watchers_.erase(std::remove_if(watchers_.begin(), watchers_.end(), [&](const auto& w) { return w == gone; }),
                  watchers_.end());
}

void run_coordinator_state::arm_timer() {
  auto next = session_->next_timer();
  if (!next || (armed_for_ && *armed_for_ <= *next))
    return;
  armed_for_ = next;
  // A clock that jumps must not leave a timer asleep for ever: look again at least once a minute.
  auto wait = std::clamp<int64_t>(*next - now(), 0, 60'000);
  self_->delayed_send(self_, milliseconds{wait}, run_timer_tick{});
}

run_coordinator_actor::behavior_type run_coordinator(run_coordinator_state::pointer self, run_start from,
                                                     run_coordinator_config config, run_neighbours neighbours,
                                                     run_probe probe, caf::actor_addr parent) {
  self->monitor(parent);
  self->set_down_handler([self, parent](const caf::down_msg& down) {
    if (down.source == parent)
      self->quit(caf::exit_reason::user_shutdown);
    else
      self->state.forget(down.source);
  });
  self->state.start(self, std::move(from), config, std::move(neighbours), std::move(probe));
  return {
      [self](const v1::ResultBatch& batch) { self->state.results(batch); },
      [self](const v1::ProgressBatch& batch) { self->state.progress(batch); },
      [self](const v1::TaskLost& loss) { self->state.lost(loss); },
      [self](const v1::CancelRun& request) { return self->state.cancel(request.reason()); },
      [self](const v1::WatchRun&, const run_watcher_actor& watcher) { self->state.watch(watcher); },
      [self](run_timer_tick) { self->state.tick(); },
      [self](store_retry_tick) { self->state.retry_store(); },
  };
}

} // namespace troupe
