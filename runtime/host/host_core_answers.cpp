// Answers and the memory of them: that each attempt is answered once, and a task sent twice runs once.

#include "runtime/host/host_core.hpp"

#include <algorithm>

namespace troupe {

// --- answers ---

void host_core::answer(uint32_t index, result_ptr shared, int64_t now, std::optional<int64_t> run_us) {
  auto& s = slots_[index];
  auto& result = *shared;
  auto started = s.state == slot_state::running;
  auto rejected = result.status() == v1::TASK_STATUS_REJECTED;
  auto& timings = *result.mutable_timings();
  auto worked = s.begun ? std::max<int64_t>(0, run_us.value_or(now - s.started)) : 0;
  timings.set_run_us(static_cast<uint64_t>(worked));
  timings.set_queued_us(static_cast<uint64_t>(std::max<int64_t>(0, now - s.arrived - worked)));
  result.set_run_id(run_of(s));
  result.set_task(task_of(s));
  result.set_attempt(s.attempt);
  result.set_epoch(s.epoch);
  result.set_node(limits_.node);
  std::string traceparent;
  if (result.status() != v1::TASK_STATUS_SUCCESS)
    traceparent = s.task->traceparent();
  actions_.push_back(host_action::answer{s.sink, s.of->name, s.begun, std::move(shared), std::move(traceparent)});
  s.of->used_at = now;
  // A rejected attempt has not begun: whoever sends it here again wants it to run.
  if (rejected)
    forget(s.key);
  else
    remember_answered(index);
  if (started) {
    --running_;
    if (s.at) {
      s.state = slot_state::orphan;
      orphans_.push_back(index);
    } else {
      free_slot(index);
    }
  } else {
    leave_queue(index);
    free_slot(index);
  }
}

namespace {

result_ptr make_failure(v1::TaskStatus status, v1::ErrorCode code, std::string message, bool retryable) {
  auto out = std::make_unique<v1::TaskResult>();
  out->set_status(status);
  out->mutable_error()->set_code(code);
  out->mutable_error()->set_message(std::move(message));
  out->mutable_error()->set_retryable(retryable);
  return out;
}

} // namespace

void host_core::answer_error(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message,
                             bool retryable, int64_t now) {
  answer(index, make_failure(status, code, std::move(message), retryable), now);
}

void host_core::give_up(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message, bool retryable,
                        int64_t now) {
  if (slots_[index].state == slot_state::running && !slots_[index].cancelled)
    tell_cancel(index, message, now);
  answer_error(index, status, code, std::move(message), retryable, now);
}

void host_core::answer_unaccepted(const v1::Task& task, uint64_t sink, result_ptr result) {
  result->set_run_id(task.run_id());
  result->set_task(task.task());
  result->set_attempt(task.attempt());
  result->set_epoch(task.epoch());
  result->set_node(limits_.node);
  auto* a = find_agent(task);
  // Names of agents that do not exist are the sender's invention and no good as labels.
  static const auto unknown = std::make_shared<const std::string>("unknown");
  actions_.push_back(host_action::answer{sink, a ? a->name : unknown, false, std::move(result), task.traceparent()});
}

void host_core::reject(const v1::Task& task, uint64_t sink, v1::ErrorCode code, std::string message, bool retryable) {
  answer_unaccepted(task, sink, make_failure(v1::TASK_STATUS_REJECTED, code, std::move(message), retryable));
}

// --- records ---

std::optional<uint64_t> host_core::find_key(const std::string& run_id, uint32_t task) const {
  if (last_run_ >= runs_.size() || runs_[last_run_].id != run_id) {
    auto i = run_numbers_.find(run_id);
    if (i == run_numbers_.end())
      return std::nullopt;
    last_run_ = i->second;
  }
  auto key = uint64_t{last_run_} << 32 | task;
  return records_.contains(key) ? std::optional{key} : std::nullopt;
}

uint64_t host_core::key_of(const std::string& run_id, uint32_t task) {
  auto [i, is_new] = run_numbers_.try_emplace(run_id, 0);
  if (is_new) {
    if (free_runs_.empty()) {
      free_runs_.push_back(static_cast<uint32_t>(runs_.size()));
      runs_.emplace_back();
    }
    i->second = free_runs_.back();
    free_runs_.pop_back();
    runs_[i->second] = {run_id, 0};
  }
  auto key = uint64_t{i->second} << 32 | task;
  if (records_.try_emplace(key).second)
    ++runs_[i->second].records;
  return key;
}

void host_core::remember_answered(uint32_t index) {
  auto key = slots_[index].key;
  auto& known = records_.at(key);
  known.slot = none;
  answered_.push_back({key, known.attempt, known.epoch});
  while (answered_.size() > limits_.max_answered) {
    auto oldest = answered_.front();
    answered_.pop_front();
    auto i = records_.find(oldest.key);
    // A newer attempt has taken the record over: it has its own entry, now or later.
    if (i == records_.end() || i->second.slot != none || i->second.attempt != oldest.attempt
        || i->second.epoch != oldest.epoch)
      continue;
    forget(oldest.key);
  }
}

void host_core::forget(uint64_t key) {
  records_.erase(key);
  auto number = static_cast<uint32_t>(key >> 32);
  if (--runs_[number].records == 0) {
    run_numbers_.erase(runs_[number].id);
    runs_[number].id.clear();
    free_runs_.push_back(number);
  }
}

// --- slots ---

uint32_t host_core::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<uint32_t>(slots_.size() - 1);
  }
  auto index = free_slots_.back();
  free_slots_.pop_back();
  return index;
}

void host_core::free_slot(uint32_t index) {
  auto& s = slots_[index];
  if (s.state == slot_state::orphan)
    std::erase(orphans_, index);
  auto generation = s.generation + 1;
  s = slot{};
  s.generation = generation;
  free_slots_.push_back(index);
}

void host_core::leave_queue(uint32_t index) {
  auto& s = slots_[index];
  --s.of->queued;
  --queued_;
  queued_bytes_ -= s.bytes;
}

void host_core::leave_instance(uint32_t index, int64_t run_us, int64_t now) {
  auto& s = slots_[index];
  auto& x = *s.at;
  auto& a = *s.of;
  std::erase(x.work, index);
  s.at = nullptr;
  --a.working;
  if (s.begun)
    a.pace_us = a.pace_us == 0 ? std::max<int64_t>(1, run_us) : std::max<int64_t>(1, (3 * a.pace_us + run_us) / 4);
  // What it was given ahead is next.
  if (a.serial && x.work.size() >= a.concurrency && !slots_[x.work[a.concurrency - 1]].begun)
    begin(x.work[a.concurrency - 1], now);
  now_idle(x);
}

} // namespace troupe
