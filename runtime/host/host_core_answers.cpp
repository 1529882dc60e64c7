// Answers and the memory of them: that each attempt is answered once, and a task sent twice runs once.

#include "runtime/host/host_core.hpp"

#include <algorithm>

namespace troupe {

// --- answers ---

void host_core::answer(uint32_t index, v1::TaskResult&& result, int64_t now) {
  auto& s = slots_[index];
  auto started = s.state == slot_state::running;
  auto rejected = result.status() == v1::TASK_STATUS_REJECTED;
  auto& timings = *result.mutable_timings();
  timings.set_queued_us(static_cast<uint64_t>((started ? s.started : now) - s.arrived));
  timings.set_run_us(started ? static_cast<uint64_t>(now - s.started) : 0);
  result.set_run_id(s.task.run_id());
  result.set_task(s.task.task());
  result.set_attempt(s.task.attempt());
  result.set_epoch(s.task.epoch());
  result.set_node(limits_.node);
  auto traceparent = result.status() == v1::TASK_STATUS_SUCCESS ? std::string{} : s.task.traceparent();
  actions_.push_back(host_action::answer{s.sink, s.of->name, started, std::move(result), std::move(traceparent)});
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

void host_core::answer_error(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message,
                             bool retryable, int64_t now) {
  v1::TaskResult out;
  out.set_status(status);
  out.mutable_error()->set_code(code);
  out.mutable_error()->set_message(std::move(message));
  out.mutable_error()->set_retryable(retryable);
  answer(index, std::move(out), now);
}

void host_core::give_up(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message, bool retryable,
                        int64_t now) {
  if (slots_[index].state == slot_state::running && !slots_[index].cancelled)
    tell_cancel(index, message, now);
  answer_error(index, status, code, std::move(message), retryable, now);
}

void host_core::answer_unaccepted(const v1::Task& task, uint64_t sink, v1::TaskResult&& result) {
  result.set_run_id(task.run_id());
  result.set_task(task.task());
  result.set_attempt(task.attempt());
  result.set_epoch(task.epoch());
  result.set_node(limits_.node);
  auto* a = find_agent(task);
  // Names of agents that do not exist are the sender's invention and no good as labels.
  static const auto unknown = std::make_shared<const std::string>("unknown");
  actions_.push_back(host_action::answer{sink, a ? a->name : unknown, false, std::move(result), task.traceparent()});
}

void host_core::reject(const v1::Task& task, uint64_t sink, v1::ErrorCode code, std::string message, bool retryable) {
  v1::TaskResult out;
  out.set_status(v1::TASK_STATUS_REJECTED);
  out.mutable_error()->set_code(code);
  out.mutable_error()->set_message(std::move(message));
  out.mutable_error()->set_retryable(retryable);
  answer_unaccepted(task, sink, std::move(out));
}

// --- records ---

std::optional<uint64_t> host_core::find_key(const std::string& run_id, uint32_t task) const {
  auto i = run_numbers_.find(run_id);
  if (i == run_numbers_.end())
    return std::nullopt;
  auto key = uint64_t{i->second} << 32 | task;
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
  s.of->queue.erase(std::pair{-int64_t{s.task.priority()}, s.order});
  --queued_;
  queued_bytes_ -= s.bytes;
}

void host_core::leave_instance(uint32_t index) {
  auto& s = slots_[index];
  std::erase(s.at->work, index);
  s.at = nullptr;
}

} // namespace troupe
