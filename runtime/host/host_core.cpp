#include "runtime/host/host_core.hpp"

#include "runtime/host/check_result.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Run ids are ours or a client's; longer ones are nonsense.
constexpr size_t max_run_id_bytes = 256;

} // namespace

host_core::host_core(host_limits limits) : limits_{std::move(limits)} {}

void host_core::submit(task_ptr shared, uint64_t sink, int64_t now) {
  const auto& task = *shared;
  if (task.run_id().empty() || task.run_id().size() > max_run_id_bytes || task.attempt() == 0)
    return reject(task, sink, v1::ERROR_CODE_INVALID_INPUT,
                  "a task needs a run id of 1 to 256 bytes and an attempt from 1", false);
  if (auto key = find_key(task.run_id(), task.task())) {
    auto& known = records_.at(*key);
    auto newer = std::pair{task.epoch(), task.attempt()} > std::pair{known.epoch, known.attempt};
    if (task.attempt() == known.attempt && task.epoch() >= known.epoch) {
      ++counters_.duplicates;
      if (known.slot != none) {
        // The owner may ask again over another link: the answer goes to where it listens now.
        known.epoch = task.epoch();
        known.sink = sink;
        auto& s = slots_[known.slot];
        s.sink = sink;
        if (s.epoch != task.epoch()) {
          s.epoch = task.epoch();
          auto again = std::make_shared<v1::Task>(*s.task);
          again->set_epoch(s.epoch);
          s.task = std::move(again);
        }
      } else if (known.sink != sink) {
        known.sink = sink;
        auto gone = std::make_unique<v1::TaskResult>();
        gone->set_status(v1::TASK_STATUS_FAILED);
        gone->mutable_error()->set_code(v1::ERROR_CODE_UNAVAILABLE);
        gone->mutable_error()->set_message("this attempt ran on node " + limits_.node
                                           + " already, and its result went to who asked first");
        gone->mutable_error()->set_retryable(true);
        answer_unaccepted(task, sink, std::move(gone));
      }
      return;
    }
    if (!newer)
      return reject(task, sink, v1::ERROR_CODE_FENCED,
                    "node " + limits_.node + " has seen attempt " + std::to_string(known.attempt) + " in epoch "
                        + std::to_string(known.epoch) + " of this task",
                    false);
    if (known.slot != none)
      give_up(known.slot, v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_FENCED,
              "superseded by attempt " + std::to_string(task.attempt()), false, now);
  }
  if (draining_)
    return reject(task, sink, v1::ERROR_CODE_UNAVAILABLE, "node " + limits_.node + " is draining", true);
  auto* a = find_agent(task);
  if (!a)
    return reject(task, sink, v1::ERROR_CODE_NOT_FOUND,
                  "node " + limits_.node + " has no agent \"" + task.agent() + "\""
                      + (task.agent_hash().empty() ? "" : " of this definition"),
                  true);
  auto bytes = task.input().data().size();
  if (queued_ + running_ >= limits_.capacity || queued_bytes_ + bytes > limits_.max_queued_bytes)
    return reject(task, sink, v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                  "node " + limits_.node + " has " + std::to_string(queued_ + running_) + " tasks and takes no more",
                  true);
  auto key = key_of(task.run_id(), task.task());
  auto index = take_slot();
  auto& s = slots_[index];
  s.state = slot_state::queued;
  s.key = key;
  s.sink = sink;
  s.arrived = now;
  s.of = a;
  s.bytes = bytes;
  s.timeout_ms = task.timeout_ms();
  s.attempt = task.attempt();
  s.epoch = task.epoch();
  s.task = std::move(shared);
  auto& known = records_.at(key);
  known = {s.attempt, s.epoch, sink, index};
  a->lines[-int64_t{s.task->priority()}].push_back({index, s.generation});
  ++a->queued;
  a->used_at = now;
  ++queued_;
  queued_bytes_ += bytes;
  pump(*a, now);
}

void host_core::cancel(const v1::CancelTask& x, int64_t now) {
  auto key = find_key(x.run_id(), x.task());
  if (!key)
    return;
  auto& known = records_.at(*key);
  if (known.slot == none || (x.attempt() != 0 && x.attempt() != known.attempt))
    return;
  auto index = known.slot;
  auto& s = slots_[index];
  if (s.state == slot_state::queued) {
    auto* a = s.of;
    answer_error(index, v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_CANCELLED,
                 x.reason().empty() ? "cancelled" : x.reason(), false, now);
    watch_idle(*a, now);
  } else if (!s.cancelled) {
    tell_cancel(index, x.reason(), now);
  }
}

void host_core::drain(int64_t now) {
  draining_ = true;
  v1::Error why;
  why.set_code(v1::ERROR_CODE_UNAVAILABLE);
  why.set_message("node " + limits_.node + " is draining");
  why.set_retryable(true);
  for (auto& entry : agents_) {
    fail_queue(*entry.second, v1::TASK_STATUS_REJECTED, why, now);
    watch_idle(*entry.second, now);
  }
}

void host_core::drop_sink(uint64_t sink, int64_t now) {
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    auto& s = slots_[i];
    if (s.sink == sink && (s.state == slot_state::queued || s.state == slot_state::running)) {
      auto* a = s.of;
      give_up(i, v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_CANCELLED, "the coordinator that sent the task is gone",
              true, now);
      watch_idle(*a, now);
    }
  }
}

std::optional<uint64_t> host_core::progress_sink(const v1::TaskProgress& x) const {
  auto key = find_key(x.run_id(), x.task());
  if (!key)
    return std::nullopt;
  auto& known = records_.at(*key);
  if (known.slot == none || known.attempt != x.attempt())
    return std::nullopt;
  return known.sink;
}

std::optional<host_core::attempt_owner> host_core::owner_of(const std::string& run_id, uint32_t task,
                                                            uint32_t attempt) const {
  auto key = find_key(run_id, task);
  if (!key)
    return std::nullopt;
  auto& known = records_.at(*key);
  if (known.slot == none || known.attempt != attempt)
    return std::nullopt;
  return attempt_owner{known.sink, known.epoch};
}

void host_core::finished(result_ptr result, int64_t now) {
  if (auto key = find_key(result->run_id(), result->task())) {
    auto& known = records_.at(*key);
    if (known.slot != none && known.attempt == result->attempt() && slots_[known.slot].state == slot_state::running) {
      auto index = known.slot;
      finished_slot(index, std::move(result), now - slots_[index].started, now);
      return;
    }
  }
  ++counters_.late_results;
  for (auto index : orphans_) {
    auto& s = slots_[index];
    if (s.attempt != result->attempt() || task_of(s) != result->task() || run_of(s) != result->run_id())
      continue;
    finished_orphan(index, now);
    return;
  }
}

void host_core::finished(uint64_t ticket, result_ptr result, int64_t run_us, int64_t now) {
  auto index = static_cast<uint32_t>(ticket >> 32);
  if (index >= slots_.size() || slots_[index].generation != static_cast<uint32_t>(ticket)) {
    ++counters_.late_results;
    return;
  }
  switch (slots_[index].state) {
  case slot_state::running:
    finished_slot(index, std::move(result), run_us, now);
    return;
  case slot_state::orphan:
    ++counters_.late_results;
    finished_orphan(index, now);
    return;
  default:
    ++counters_.late_results;
  }
}

void host_core::finished_slot(uint32_t index, result_ptr result, int64_t run_us, int64_t now) {
  auto* a = slots_[index].of;
  check_result(*result, {limits_.max_output_bytes, limits_.max_output_depth});
  leave_instance(index, run_us, now);
  answer(index, std::move(result), now, run_us);
  pump(*a, now);
  watch_idle(*a, now);
}

void host_core::finished_orphan(uint32_t index, int64_t now) {
  auto* a = slots_[index].of;
  leave_instance(index, now - slots_[index].started, now);
  free_slot(index);
  pump(*a, now);
  watch_idle(*a, now);
}

std::optional<int64_t> host_core::next_deadline() const {
  return deadlines_.next();
}

void host_core::tick(int64_t now) {
  while (auto x = deadlines_.pop(now)) {
    if (x->slot == none) {
      if (auto i = agents_.find(x->agent); i != agents_.end())
        check_idle(*i->second, now);
    } else if (slots_[x->slot].generation == x->generation) {
      check_slot(x->slot, now);
    }
  }
}

std::vector<host_action::any> host_core::take_actions() {
  return std::exchange(actions_, {});
}

void host_core::take_actions(std::vector<host_action::any>& into) {
  into.swap(actions_);
}

host_load host_core::load() const {
  auto taken = queued_ + running_;
  auto free = draining_ || taken >= limits_.capacity ? 0 : limits_.capacity - taken;
  return {queued_, running_, free};
}

bool host_core::drained() const {
  return draining_ && queued_ + running_ == 0;
}

void host_core::check_slot(uint32_t index, int64_t now) {
  auto& s = slots_[index];
  auto overdue = s.deadline > 0 && now >= s.deadline;
  auto grace_over = s.cancelled && now >= s.grace_until;
  if (s.state == slot_state::running && grace_over) {
    auto& x = *s.at;
    answer_error(index, v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_CANCELLED,
                 s.cancel_reason.empty() ? "cancelled" : s.cancel_reason, false, now);
    replace_hung(x, now);
  } else if (s.state == slot_state::running && overdue && !s.cancelled) {
    give_up(index, v1::TASK_STATUS_TIMED_OUT, v1::ERROR_CODE_TIMED_OUT,
            "agent \"" + *s.of->name + "\" did not answer within " + std::to_string(s.timeout_ms) + " ms", true, now);
  } else if (s.state == slot_state::orphan && grace_over) {
    replace_hung(*s.at, now);
  }
}

void host_core::watch_slot(uint32_t index, int64_t at) {
  // Tasks mostly end long before their time, so their entries are dropped when they are the most.
  if (deadlines_.size() > 1'024 && deadlines_.size() > 4 * (slots_.size() - free_slots_.size() + agents_.size()))
    deadlines_.prune([this](const due& x) { return x.slot == none || slots_[x.slot].generation == x.generation; });
  deadlines_.push(at, {index, slots_[index].generation, 0});
}

} // namespace troupe
