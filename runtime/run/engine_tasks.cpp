// The part of the engine that deals in tasks, timers and updates.
#include "runtime/run/engine.hpp"

#include <functional>
#include <utility>

namespace troupe {

// -- tasks ------------------------------------------------------------------------------------------------------------

uint32_t engine::new_task(frame& f) {
  auto id = static_cast<uint32_t>(tasks_.size());
  tasks_.push_back({f.id, 0, false});
  return id;
}

uint32_t engine::send_task(uint32_t task, std::shared_ptr<v1::Task> message) {
  auto& record = tasks_[task];
  ++(record.attempt++ == 0 ? result_.counts.tasks : result_.counts.retries);
  if (!record.active) {
    record.active = true;
    ++in_flight_;
  }
  message->set_run_id(run_id_);
  message->set_task(task);
  message->set_attempt(record.attempt);
  message->set_epoch(epoch_);
  message->set_idempotency_key(run_id_ + '/' + std::to_string(task));
  message->set_traceparent(traceparent_);
  if (publishes()) {
    auto update = new_update();
    auto* started = update.mutable_task_started();
    started->set_step(message->step());
    started->set_agent(message->agent());
    started->set_task(task);
    started->set_attempt(record.attempt);
    publish(std::move(update));
  }
  out_->push_back(start_task{std::move(message)});
  return record.attempt;
}

uint32_t engine::send_aggregation(uint32_t task, const std::shared_ptr<aggregation_request>& request) {
  auto& record = tasks_[task];
  ++record.attempt;
  if (!record.active) {
    record.active = true;
    ++in_flight_;
  }
  request->run_id = run_id_;
  request->task = task;
  request->attempt = record.attempt;
  request->epoch = epoch_;
  request->at_ms = now_ms_;
  out_->push_back(start_aggregation{request});
  return record.attempt;
}

void engine::end_task(uint32_t task) {
  auto& record = tasks_[task];
  if (record.active) {
    record.active = false;
    --in_flight_;
  }
}

void engine::cancel_task_of(uint32_t task, const std::string& reason) {
  if (!tasks_[task].active)
    return;
  out_->push_back(cancel_task{task, tasks_[task].attempt, reason});
  end_task(task);
}

void engine::answer_operation(v1::OpAnswer answer) {
  answer.set_run_id(run_id_);
  out_->push_back(answer_op{std::move(answer)});
}

// -- timers -----------------------------------------------------------------------------------------------------------

uint64_t engine::start_timer_for(frame& f, timer_role role, uint32_t which, int64_t delay_ms) {
  auto id = next_timer_++;
  timers_.emplace(id, timer_record{f.id, role, which});
  out_->push_back(start_timer{id, now_ms_ + delay_ms});
  return id;
}

uint64_t engine::start_body_timer(frame& f, uint32_t which, int64_t delay_ms) {
  return start_timer_for(f, timer_role::body, which, delay_ms);
}

void engine::stop_timer(uint64_t& timer) {
  if (timer != 0 && timers_.erase(timer) > 0)
    out_->push_back(cancel_timer{timer});
  timer = 0;
}

random_source engine::random_for(uint32_t what, uint32_t attempt) const {
  return random_source{seed_ ^ (uint64_t{what} << 32 | attempt)};
}

// -- updates ----------------------------------------------------------------------------------------------------------

v1::RunUpdate engine::new_update() const {
  v1::RunUpdate update;
  update.set_run_id(run_id_);
  update.set_at_ms(now_ms_);
  return update;
}

void engine::publish(v1::RunUpdate update) {
  --updates_left_;
  out_->push_back(publish_update{std::move(update)});
}

v1::RunUpdate engine::started_update(const frame& f, uint32_t children) const {
  auto update = new_update();
  auto* begun = update.mutable_step_started();
  begun->set_step(path_of(f));
  begun->set_kind(f.definition->kind());
  begun->set_children(children);
  return update;
}

void engine::publish_started(const frame& f, uint32_t children) {
  if (f.parent != nullptr && publishes())
    publish(started_update(f, children));
}

std::vector<v1::RunUpdate> engine::snapshot() const {
  std::vector<v1::RunUpdate> out;
  for (const auto& f : frames_)
    if (f && f->parent != nullptr)
      out.push_back(started_update(*f, static_cast<uint32_t>(f->children.size())));
  return out;
}

// -- digest -----------------------------------------------------------------------------------------------------------

namespace {

void mix(uint64_t& hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15ULL + (hash << 6) + (hash >> 2);
}

} // namespace

uint64_t engine::digest_of(const frame& f) const {
  uint64_t hash = f.id;
  mix(hash, f.slot);
  mix(hash, static_cast<uint64_t>(f.now));
  mix(hash, f.tries);
  mix(hash, f.parent ? f.parent->id + 1 : 0);
  mix(hash, f.children.size());
  mix(hash, f.body ? f.body->digest() : 0);
  return hash;
}

uint64_t engine::digest() const {
  uint64_t hash = epoch_;
  mix(hash, static_cast<uint64_t>(now_ms_));
  mix(hash, (started_ ? 1U : 0U) | (finished_ ? 2U : 0U));
  for (const auto& f : frames_)
    if (f)
      mix(hash, digest_of(*f));
  for (const auto& task : tasks_)
    mix(hash, (uint64_t{task.frame} << 32 | task.attempt) * 2 + (task.active ? 1 : 0));
  // The order of an unordered map is nobody's promise: add up instead of chaining.
  uint64_t timers = 0;
  for (const auto& [id, timer] : timers_)
    timers += id * 0x9e3779b97f4a7c15ULL + timer.frame + timer.which + static_cast<uint64_t>(timer.role);
  mix(hash, timers);
  mix(hash, static_cast<uint64_t>(result_.state));
  mix(hash, std::hash<std::string>{}(result_.output));
  return hash;
}

} // namespace troupe
