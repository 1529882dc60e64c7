// Agents and their instances: which there are, who works on what, who hangs, who is not needed any more.

#include "runtime/host/host_core.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr uint32_t max_concurrency = 10'000;
constexpr uint32_t max_replicas = 1'000;

/// What a serial agent may hold beside the task that it works on: so much work, and never more than so many tasks.
constexpr int64_t work_ahead_us = 200;
constexpr int64_t most_tasks_ahead = 64;

/// Lines of waiting tasks (one per priority) that an agent keeps when they are empty.
constexpr size_t max_idle_lines = 8;

/// Failures to make an agent that say something about this node and nothing about the agent.
bool is_about_the_node(v1::ErrorCode code) {
  return code == v1::ERROR_CODE_FORBIDDEN || code == v1::ERROR_CODE_NOT_FOUND || code == v1::ERROR_CODE_UNAVAILABLE
         || code == v1::ERROR_CODE_RESOURCE_EXHAUSTED;
}

} // namespace

// --- definitions ---

bool host_core::learn(const agent_spec_ptr& shared, int64_t now, bool serial) {
  const auto& spec = *shared;
  if (auto i = by_hash_.find(spec.hash()); i != by_hash_.end()) {
    i->second->used_at = now;
    return true;
  }
  if (spec.hash().empty() || spec.ByteSizeLong() > limits_.max_definition_bytes)
    return false;
  forget_unused();
  auto& a = add_agent(shared, false);
  a.used_at = now;
  a.serial = serial;
  by_hash_.emplace(spec.hash(), &a);
  return true;
}

void host_core::bring(const v1::AgentSpec& spec) {
  if (by_name_.contains(spec.name()))
    return;
  by_name_.emplace(spec.name(), &add_agent(std::make_shared<const v1::AgentSpec>(spec), true));
}

bool host_core::brings(const std::string& name) const {
  return by_name_.contains(name);
}

host_core::agent* host_core::find_agent(const v1::Task& task) {
  auto& index = task.agent_hash().empty() ? by_name_ : by_hash_;
  auto i = index.find(task.agent_hash().empty() ? task.agent() : task.agent_hash());
  return i == index.end() ? nullptr : i->second;
}

host_core::agent& host_core::add_agent(agent_spec_ptr shared, bool own) {
  const auto& spec = *shared;
  auto a = std::make_unique<agent>();
  a->id = ++last_id_;
  a->name = std::make_shared<const std::string>(spec.name());
  a->own = own;
  a->concurrency = std::clamp(spec.concurrency(), 1u, max_concurrency);
  a->replicas = std::clamp(spec.replicas(), 1u, max_replicas);
  a->spec = std::move(shared);
  return *agents_.emplace(a->id, std::move(a)).first->second;
}

void host_core::forget_unused() {
  while (by_hash_.size() >= limits_.max_definitions) {
    agent* oldest = nullptr;
    for (auto& entry : by_hash_)
      if (!busy(*entry.second) && entry.second->hung == 0 && (!oldest || entry.second->used_at < oldest->used_at))
        oldest = entry.second;
    // All of them work: their number is bounded by the node's capacity then.
    if (!oldest)
      return;
    stop(*oldest);
    by_hash_.erase(oldest->spec->hash());
    agents_.erase(oldest->id);
  }
}

// --- instances ---

uint32_t host_core::first_waiting(agent& a) {
  for (auto line = a.lines.begin();;) {
    auto& those = line->second;
    while (!those.empty()) {
      auto [index, generation] = those.front();
      if (slots_[index].generation == generation && slots_[index].state == slot_state::queued)
        return index;
      those.pop_front();
    }
    // A line is used again and again; only a crowd of them is not worth its memory.
    line = a.lines.size() > max_idle_lines ? a.lines.erase(line) : std::next(line);
  }
}

size_t host_core::room_of(const agent& a) {
  if (!a.serial || a.pace_us <= 0)
    return a.concurrency;
  // No more ahead than is done in a moment: what an instance holds, no other one can take over.
  return a.concurrency + static_cast<size_t>(std::min(work_ahead_us / a.pace_us, most_tasks_ahead));
}

host_core::instance* host_core::free_instance(agent& a) const {
  if (!a.idle.empty())
    return a.idle.back();
  auto room = room_of(a);
  instance* best = nullptr;
  if (room > 1)
    for (auto* x : a.instances)
      if (x->state == instance_state::up && x->work.size() < room && (!best || x->work.size() < best->work.size()))
        best = x;
  return best;
}

void host_core::now_idle(instance& x) {
  if (x.idle || x.abandoned || x.state != instance_state::up || !x.work.empty())
    return;
  x.idle = true;
  x.of->idle.push_back(&x);
}

void host_core::not_idle(instance& x) {
  if (std::exchange(x.idle, false))
    std::erase(x.of->idle, &x);
}

void host_core::pump(agent& a, int64_t now) {
  while (a.queued > 0) {
    auto* to = free_instance(a);
    if (!to)
      break;
    run_on(*to, first_waiting(a), now);
  }
  if (a.queued == 0)
    return;
  while (a.queued > a.starting * a.concurrency && a.instances.size() < a.replicas && a.hung < limits_.max_hung) {
    auto x = std::make_unique<instance>();
    x->id = ++last_id_;
    x->of = &a;
    a.instances.push_back(x.get());
    actions_.push_back(host_action::start_instance{a.id, x->id, a.spec});
    instances_.emplace(x->id, std::move(x));
    ++a.starting;
  }
  if (a.instances.empty()) {
    v1::Error why;
    why.set_code(v1::ERROR_CODE_RESOURCE_EXHAUSTED);
    why.set_message(std::to_string(a.hung) + " instances of agent \"" + *a.name + "\" hang on node " + limits_.node);
    why.set_retryable(true);
    fail_queue(a, v1::TASK_STATUS_REJECTED, why, now);
  }
}

void host_core::run_on(instance& at, uint32_t index, int64_t now) {
  auto& s = slots_[index];
  auto& a = *s.of;
  a.lines.at(-int64_t{s.task->priority()}).pop_front();
  leave_queue(index);
  s.state = slot_state::running;
  s.at = &at;
  not_idle(at);
  at.work.push_back(index);
  ++a.working;
  ++running_;
  if (!a.serial || at.work.size() <= a.concurrency)
    begin(index, now);
  actions_.push_back(host_action::run_task{at.id, a.name, s.task, uint64_t{index} << 32 | s.generation});
}

void host_core::begin(uint32_t index, int64_t now) {
  auto& s = slots_[index];
  s.begun = true;
  s.started = now;
  // From here, and not from its arrival: a fan-out that is wider than its agents must not time out for that.
  if (s.timeout_ms > 0) {
    s.deadline = now + int64_t{s.timeout_ms} * 1'000 + limits_.last_word.count() * 1'000;
    watch_slot(index, s.deadline);
  }
}

void host_core::tell_cancel(uint32_t index, const std::string& reason, int64_t now) {
  auto& s = slots_[index];
  s.cancelled = true;
  s.cancel_reason = reason;
  s.grace_until = now + int64_t{limits_.cancel_grace.count()} * 1'000;
  watch_slot(index, s.grace_until);
  v1::CancelTask out;
  out.set_run_id(run_of(s));
  out.set_task(task_of(s));
  out.set_attempt(s.attempt);
  out.set_reason(reason);
  actions_.push_back(host_action::cancel_task{s.at->id, std::move(out)});
}

void host_core::instance_up(uint64_t id, int64_t now) {
  auto i = instances_.find(id);
  if (i == instances_.end() || i->second->abandoned)
    return;
  auto& x = *i->second;
  if (x.state == instance_state::starting)
    --x.of->starting;
  x.state = instance_state::up;
  now_idle(x);
  pump(*x.of, now);
}

void host_core::instance_failed(uint64_t id, const v1::Error& why, int64_t now) {
  auto i = instances_.find(id);
  if (i == instances_.end())
    return;
  auto& x = *i->second;
  auto& a = *x.of;
  fail_work(x, why.message(), now);
  not_idle(x);
  if (x.abandoned) {
    --a.hung;
  } else {
    a.starting -= x.state == instance_state::starting ? 1 : 0;
    std::erase(a.instances, &x);
  }
  instances_.erase(i);
  if (a.instances.empty())
    fail_queue(a, is_about_the_node(why.code()) ? v1::TASK_STATUS_REJECTED : v1::TASK_STATUS_FAILED, why, now);
}

void host_core::instance_down(uint64_t id, const std::string& reason, int64_t now) {
  auto i = instances_.find(id);
  if (i == instances_.end())
    return;
  auto& x = *i->second;
  auto& a = *x.of;
  if (x.abandoned) {
    --a.hung;
    instances_.erase(i);
  } else {
    not_idle(x);
    a.starting += x.state == instance_state::up ? 1 : 0;
    x.state = instance_state::starting;
    fail_work(x, reason, now);
  }
  pump(a, now);
  watch_idle(a, now);
}

void host_core::agent_gone(uint64_t id, const std::string& reason, int64_t now) {
  auto i = agents_.find(id);
  if (i == agents_.end())
    return;
  auto& a = *i->second;
  a.idle.clear();
  a.starting = 0;
  for (auto* x : std::exchange(a.instances, {})) {
    fail_work(*x, reason, now);
    instances_.erase(x->id);
  }
  v1::Error why;
  why.set_code(v1::ERROR_CODE_AGENT_CRASHED);
  why.set_message("agent \"" + *a.name + "\" crashes again and again: " + reason);
  why.set_retryable(true);
  fail_queue(a, v1::TASK_STATUS_FAILED, why, now);
}

void host_core::fail_work(instance& x, const std::string& reason, int64_t now) {
  x.of->working -= x.work.size();
  for (auto index : std::exchange(x.work, {})) {
    auto& s = slots_[index];
    s.at = nullptr;
    if (s.state != slot_state::running)
      free_slot(index);
    else if (s.begun)
      answer_error(index, v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_CRASHED, "agent crashed: " + reason, true, now);
    else
      answer_error(index, v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_UNAVAILABLE,
                   "agent \"" + *x.of->name + "\" crashed before it began with this task", true, now);
  }
}

void host_core::fail_queue(agent& a, v1::TaskStatus status, const v1::Error& why, int64_t now) {
  while (a.queued > 0)
    answer_error(first_waiting(a), status, why.code(), why.message(), why.retryable(), now);
}

void host_core::replace_hung(instance& x, int64_t now) {
  auto& a = *x.of;
  x.abandoned = true;
  ++a.hung;
  ++counters_.hung_instances;
  not_idle(x);
  std::erase(a.instances, &x);
  actions_.push_back(host_action::abandon_instance{a.id, x.id});
  fail_work(x, "an instance that ignored a cancellation was replaced", now);
  pump(a, now);
}

// --- idle agents ---

void host_core::watch_idle(agent& a, int64_t now) {
  if (a.own || a.idle_check_pending || a.instances.empty() || busy(a))
    return;
  a.idle_check_pending = true;
  deadlines_.push(std::max(now, a.used_at + int64_t{limits_.idle_timeout.count()} * 1'000), {none, 0, a.id});
}

void host_core::check_idle(agent& a, int64_t now) {
  a.idle_check_pending = false;
  if (busy(a) || a.instances.empty())
    return;
  if (now - a.used_at >= int64_t{limits_.idle_timeout.count()} * 1'000)
    stop(a);
  else
    watch_idle(a, now);
}

void host_core::stop(agent& a) {
  if (a.instances.empty())
    return;
  actions_.push_back(host_action::stop_agent{a.id});
  a.idle.clear();
  a.starting = 0;
  for (auto* x : std::exchange(a.instances, {}))
    instances_.erase(x->id);
}

} // namespace troupe
