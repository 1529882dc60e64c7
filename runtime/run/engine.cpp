#include "runtime/run/engine.hpp"

#include "runtime/agents/json_text.hpp"
#include "runtime/run/machine.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

engine::engine(workflow_ptr definition, bool publish_updates)
    : workflow_{std::move(definition)}, updates_left_{publish_updates ? UINT64_MAX : 0} {}

// -- events -----------------------------------------------------------------------------------------------------------

bool engine::accepts(const v1::RunEvent& event) const {
  auto current = [this](uint32_t task, uint32_t attempt) { return is_current(task, attempt); };
  if (event.event_case() == v1::RunEvent::kRunSubmitted)
    return !started_;
  if (!started_ || finished_)
    return false;
  switch (event.event_case()) {
  case v1::RunEvent::kTaskFinished: {
    const auto& result = event.task_finished().result();
    return result.epoch() == epoch_ && current(result.task(), result.attempt());
  }
  case v1::RunEvent::kTaskLost:
    return current(event.task_lost().task(), event.task_lost().attempt());
  case v1::RunEvent::kTimerFired:
    return timers_.count(event.timer_fired().timer()) > 0;
  case v1::RunEvent::kRunCancelRequested:
    return true;
  case v1::RunEvent::kTaskOperation:
    return !refusal_of(event.task_operation().op());
  case v1::RunEvent::kQuestionAnswered:
    return who_awaits(event.question_answered()) != nullptr;
  case v1::RunEvent::kRunResumed:
    return event.run_resumed().epoch() > epoch_;
  default:
    return false;
  }
}

bool engine::is_current(uint32_t task, uint32_t attempt) const {
  return task < tasks_.size() && tasks_[task].active && tasks_[task].attempt == attempt;
}

std::optional<error> engine::refusal_of(const v1::TaskOp& op) const {
  const auto* f = started_ && !finished_ && op.epoch() == epoch_ && is_current(op.task(), op.attempt())
                      ? turn_of(op.task())
                      : nullptr;
  if (f == nullptr)
    return error{v1::ERROR_CODE_FENCED, "this attempt is no longer the current one, or no turn of a team", false};
  return f->parent->body->too_much(op);
}

void engine::apply(const v1::RunEvent& event, std::vector<command>& out, const std::function<void()>& more) {
  if (!accepts(event))
    return;
  out_ = &out;
  more_ = more ? &more : nullptr;
  // A clock that was set back must not make timers and durations run backwards.
  now_ms_ = std::max(now_ms_, event.at_ms());
  switch (event.event_case()) {
  case v1::RunEvent::kRunSubmitted:
    submit(event.run_submitted());
    break;
  case v1::RunEvent::kTaskFinished: {
    const auto& result = event.task_finished().result();
    auto* f = find(tasks_[result.task()].frame);
    end_task(result.task());
    f->body->task_finished(*this, *f, result);
    break;
  }
  case v1::RunEvent::kTaskLost: {
    const auto& loss = event.task_lost();
    auto* f = find(tasks_[loss.task()].frame);
    end_task(loss.task());
    f->body->task_lost(*this, *f, loss);
    break;
  }
  case v1::RunEvent::kTimerFired: {
    auto i = timers_.find(event.timer_fired().timer());
    auto timer = i->second;
    timers_.erase(i);
    auto* f = find(timer.frame);
    switch (timer.role) {
    case timer_role::body:
      f->body->timer_fired(*this, *f, timer.which);
      break;
    case timer_role::step_timeout:
      f->timeout_timer = 0;
      step_timed_out(*f);
      break;
    case timer_role::step_retry:
      f->retry_timer = 0;
      run_body(*f);
      break;
    }
    break;
  }
  case v1::RunEvent::kTaskOperation: {
    const auto& op = event.task_operation().op();
    auto* f = turn_of(op.task());
    f->parent->body->operation(*this, *f->parent, f->slot, op);
    break;
  }
  case v1::RunEvent::kQuestionAnswered: {
    auto* f = who_awaits(event.question_answered());
    f->body->question_answered(*this, *f, event.question_answered());
    break;
  }
  case v1::RunEvent::kRunCancelRequested:
    cancel_run(event.run_cancel_requested().reason());
    break;
  case v1::RunEvent::kRunResumed:
    epoch_ = event.run_resumed().epoch();
    tasks_.resize(tasks_.size() + std::min(event.run_resumed().tasks_left_out(), run_machine::most_left_out));
    resume();
    break;
  default:
    break;
  }
  work_off();
  teams_.flush(now_ms_, out);
  out_ = nullptr;
}

void engine::submit(const v1::RunSubmitted& event) {
  started_ = true;
  run_id_ = event.run_id();
  traceparent_ = event.traceparent();
  seed_ = event.seed();
  auto input = parse_payload(event.input());
  input_ = lazy_json{input ? std::move(*input) : json{}};
  run_info_ = {{"id", run_id_}, {"workflow", workflow_->name}, {"started_at_ms", event.run_id().empty() ? 0 : now_ms_}};
  if (!input) {
    finish(v1::RUN_STATE_FAILED, {},
           {v1::ERROR_CODE_INVALID_INPUT, "the run's input is not valid JSON: " + input.error().message, false});
    return;
  }
  auto root = std::make_unique<frame>();
  root->definition = &workflow_->root;
  root->priority = workflow_->root.priority;
  root_ = root.get();
  frames_.push_back(std::move(root));
  work_.push_back({work_kind::begin, 0});
}

void engine::cancel_run(const std::string& reason) {
  stop_tree(*root_, reason);
  root_ = nullptr;
  finish(v1::RUN_STATE_CANCELLED, {}, {v1::ERROR_CODE_CANCELLED, reason.empty() ? "cancelled" : reason, false});
}

void engine::resume() {
  // Bodies may add frames while they resume; those are new and need no resuming.
  for (size_t i = 0, n = frames_.size(); i < n; ++i)
    if (frames_[i] && frames_[i]->body)
      frames_[i]->body->resumed(*this, *frames_[i]);
}

// -- the queue --------------------------------------------------------------------------------------------------------

void engine::work_off() {
  while (!work_.empty() && !finished_) {
    auto item = work_.front();
    work_.pop_front();
    auto* f = find(item.frame);
    if (f == nullptr)
      continue;
    if (item.kind == work_kind::begin)
      begin(*f);
    else
      settle(*f);
    // The end is not among what may leave before it is stored.
    if (more_ != nullptr && !finished_ && out_->size() >= run_machine::piece)
      (*more_)();
  }
  if (finished_)
    work_.clear();
}

// -- who is meant -----------------------------------------------------------------------------------------------------

frame* engine::find(uint32_t id) const {
  return id < frames_.size() ? frames_[id].get() : nullptr;
}

frame* engine::turn_of(uint32_t task) const {
  for (auto* f = find(tasks_[task].frame); f != nullptr; f = f->parent)
    if (f->turn && f->parent != nullptr && f->parent->body)
      return f;
  return nullptr;
}

std::vector<uint32_t> engine::places_of(uint32_t task) const {
  std::vector<uint32_t> out;
  for (const auto* f = find(tasks_[task].frame); f != nullptr; f = f->parent) {
    out.push_back(f->id);
    if (f->turn)
      break;
  }
  return out;
}

frame* engine::who_awaits(const v1::QuestionAnswered& answer) const {
  for (const auto& f : frames_)
    if (f && f->body && (answer.step().empty() || answer.step() == path_of(*f)) && f->body->awaits(answer))
      return f.get();
  return nullptr;
}

} // namespace troupe
