#include "tests/sim/run_actor.hpp"

#include "actors/run/agent_specs.hpp"
#include "runtime/aggregation/aggregate.hpp"
#include "runtime/run/command_batches.hpp"

#include <algorithm>

namespace troupe::sim {

void run_actor::start(const std::vector<v1::RunEvent>& events, bool resumed) {
  for (const auto& event : events) {
    session_.replay(event);
    if (event.has_task_operation())
      tampering_.taken(event.task_operation().op());
  }
  // Half of the worlds wait for the journal always.
  if (world_.seed % 2 == 0)
    session_.allow_ahead();
  if (resumed && world_.broken == mutation::new_numbers)
    resume_with_old_numbers();
  else if (resumed)
    session_.resume(now());
  else if (!session_.machine().finished())
    execute(session_.appended(events.size()));
  pump();
}

void run_actor::resume_with_old_numbers() {
  if (session_.machine().finished())
    return session_.resume(now());
  session_.take_held();
  v1::RunEvent event;
  event.mutable_run_resumed()->set_owner(session_.summary().owner());
  event.mutable_run_resumed()->set_epoch(session_.summary().epoch());
  session_.offer(std::move(event), now());
}

// -- what comes in ----------------------------------------------------------------------------------------------------

void run_actor::results(const v1::ResultBatch& batch) {
  if (gone_)
    return;
  for (const auto& result : batch.results()) {
    v1::RunEvent event;
    auto& taken = *event.mutable_task_finished()->mutable_result();
    taken = result;
    if (world_.broken == mutation::attempt_check)
      forge(taken);
    tampering_.task_ended(result.task());
    if (session_.offer(std::move(event), now()))
      continue;
    world_.see(sight::result_dropped_by_run);
    world_.say(home_, "run {} drops a late result of task {} attempt {}", run(), result.task(), result.attempt());
  }
  pump();
}

void run_actor::forge(v1::TaskResult& result) const {
  if (auto i = attempts_.find(result.task()); i != attempts_.end())
    result.set_attempt(i->second);
  result.set_epoch(session_.summary().epoch());
}

void run_actor::lost(const v1::TaskLost& loss) {
  if (gone_)
    return;
  v1::RunEvent event;
  *event.mutable_task_lost() = loss;
  tampering_.task_ended(loss.task());
  session_.offer(std::move(event), now());
  pump();
}

void run_actor::operations(const v1::OpBatch& batch) {
  if (gone_)
    return;
  v1::OpAnswerBatch refused;
  for (const auto& sent : batch.operations()) {
    v1::RunEvent event;
    auto& op = *event.mutable_task_operation()->mutable_op();
    op = sent;
    tampering_.forge(op);
    if (auto why = session_.machine().refusal_of(op)) {
      world_.see(why->code == v1::ERROR_CODE_FENCED ? sight::op_fenced : sight::op_too_much);
      auto& answer = *refused.add_answers();
      answer.set_run_id(op.run_id());
      answer.set_task(op.task());
      answer.set_attempt(op.attempt());
      answer.set_number(op.number());
      *answer.mutable_error() = why->to_proto();
      tampering_.restore(answer);
      continue;
    }
    tampering_.taken(op);
    session_.offer(std::move(event), now());
  }
  if (refused.answers_size() > 0)
    neighbours_.answer_operations(std::move(refused));
  pump();
}

void run_actor::answer_question(const v1::AnswerQuestion& request, std::function<void(const result<void>&)> then) {
  if (gone_)
    return;
  v1::RunEvent event;
  auto& answer = *event.mutable_question_answered();
  answer.set_step(request.step());
  answer.set_question(request.question());
  answer.set_content(request.content());
  answer.set_who(request.who());
  if (!session_.offer(std::move(event), now())) {
    then(fail(v1::ERROR_CODE_NOT_FOUND, "no team waits for such an answer"));
    return;
  }
  to_acknowledge_.emplace(session_.last_seq(), [then = std::move(then)] { then({}); });
  acknowledge();
  pump();
}

void run_actor::cancel(const std::string& reason, std::function<void()> then) {
  if (gone_)
    return;
  v1::RunEvent event;
  event.mutable_run_cancel_requested()->set_reason(reason);
  session_.offer(std::move(event), now());
  to_acknowledge_.emplace(session_.last_seq(), std::move(then));
  acknowledge();
  pump();
}

void run_actor::acknowledge() {
  auto end = to_acknowledge_.upper_bound(session_.durable_seq());
  for (auto i = to_acknowledge_.begin(); i != end; ++i)
    i->second();
  to_acknowledge_.erase(to_acknowledge_.begin(), end);
}

// -- journal before use -----------------------------------------------------------------------------------------------

void run_actor::pump() {
  if (gone_)
    return;
  execute(session_.take_ahead(), true);
  if (!waits_for_store_)
    append();
  arm_timer();
  if (session_.done() && told_the_end_)
    quit(false);
}

void run_actor::append() {
  auto next = session_.take_append();
  if (!next) {
    if (!appending_)
      world_.judge.quiet(run(), session_.summary().epoch(), session_.machine());
    return;
  }
  appending_ = true;
  auto last = next->first_seq() + static_cast<uint64_t>(next->events_size()) - 1;
  store_.append(home_, std::move(*next), [weak = weak_from_this()](result<v1::EventsAppended> done) {
    auto self = weak.lock();
    if (!self || self->gone_)
      return;
    self->appending_ = false;
    if (!done) {
      self->append_failed(done.error());
      return;
    }
    if (self->world_.broken == mutation::journal_before_use)
      return;
    self->execute(self->session_.appended(done->last_seq()));
    self->acknowledge();
    self->pump();
  });
  if (world_.broken == mutation::journal_before_use) {
    execute(session_.appended(last));
    acknowledge();
    pump();
  }
}

void run_actor::append_failed(const error& why) {
  world_.say(home_, "run {}: append failed: {}", run(), why.message);
  world_.see(sight::append_failed);
  if (why.code == v1::ERROR_CODE_FENCED || why.code == v1::ERROR_CODE_NOT_FOUND) {
    world_.see(sight::owner_fenced);
    quit(true);
    return;
  }
  session_.append_failed();
  waits_for_store_ = true;
  world_.time.after(append_retry, home_, [weak = weak_from_this()] {
    if (auto self = weak.lock()) {
      self->waits_for_store_ = false;
      self->pump();
    }
  });
}

void run_actor::quit(bool fenced) {
  if (std::exchange(gone_, true))
    return;
  auto self = shared_from_this();
  neighbours_.run_ended(id_, run(), fenced);
}

// -- what goes out ----------------------------------------------------------------------------------------------------

void run_actor::execute(std::vector<command> commands, bool ahead) {
  struct {
    run_actor& run;

    void send(task_batch x) {
      run.neighbours_.queue_tasks(run.id_, std::move(x));
    }
    void send(v1::CancelBatch x) {
      run.neighbours_.cancel_tasks(run.id_, std::move(x));
    }
    void send(v1::OpAnswerBatch x) {
      run.neighbours_.answer_operations(std::move(x));
    }
  } dispatcher{*this};
  command_batches batches{dispatcher};
  for (auto& next : commands) {
    if (auto* start = std::get_if<start_task>(&next)) {
      if (ahead)
        world_.judge.task_leaves_ahead(*start->task);
      else
        world_.judge.task_leaves(*start->task);
      tampering_.task_left(*start->task);
      attempts_[start->task->task()] = start->task->attempt();
      auto spec = std::make_shared<const v1::AgentSpec>(to_spec(definition_->agents.at(start->task->agent())));
      start->task = tampering_.told(std::move(start->task));
      batches.add(std::move(*start), spec);
    } else if (auto* stop = std::get_if<cancel_task>(&next)) {
      batches.add(std::move(*stop), run());
    } else if (auto* answered = std::get_if<answer_op>(&next)) {
      tampering_.restore(answered->answer);
      if (tampering_.swallows(answered->answer))
        continue;
      batches.add(std::move(*answered));
    } else if (auto* combine = std::get_if<start_aggregation>(&next)) {
      start_aggregation_of(combine->request);
    } else if (auto* end = std::get_if<finish_run>(&next)) {
      told_the_end_ = true;
      world_.say(home_, "run {} ends: {}", run(), v1::RunState_Name(end->state));
      world_.judge.told_finished(session_.summary());
      world_.judge.told_output(run(), end->output);
    }
  }
  batches.finish();
}

void run_actor::start_aggregation_of(const aggregation_request_ptr& request) {
  // The aggregator is another actor of the process: its answer takes a moment.
  world_.time.after(world_.between(20, 500), home_, [weak = weak_from_this(), request] {
    auto self = weak.lock();
    if (!self || self->gone_)
      return;
    self->world_.see(sight::aggregated);
    v1::ResultBatch out;
    auto& answer = *out.add_results();
    answer.set_run_id(request->run_id);
    answer.set_task(request->task);
    answer.set_attempt(request->attempt);
    answer.set_epoch(request->epoch);
    if (auto made = aggregate(*request)) {
      answer.set_status(v1::TASK_STATUS_SUCCESS);
      answer.mutable_output()->set_data(made->dump());
    } else {
      answer.set_status(v1::TASK_STATUS_FAILED);
      *answer.mutable_error() = made.error().to_proto();
    }
    self->world_.judge.task_answered(answer);
    self->results(out);
  });
}

void run_actor::arm_timer() {
  auto next = session_.next_timer();
  if (!next || (armed_for_ && *armed_for_ <= *next))
    return;
  armed_for_ = next;
  auto wait = std::clamp<int64_t>(*next - now(), tampering_.stops_clock() ? 100 : 0, 60'000);
  world_.time.after(wait * msec, home_, [weak = weak_from_this()] {
    auto self = weak.lock();
    if (!self || self->gone_)
      return;
    self->armed_for_.reset();
    if (!self->tampering_.stops_clock())
      self->session_.fire_timers(self->now());
    self->pump();
  });
}

} // namespace troupe::sim
