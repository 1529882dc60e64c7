#include "tests/sim/agents.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe::sim {

namespace {

host_limits limits_of(const std::string& node, uint32_t capacity) {
  host_limits out;
  out.node = node;
  out.capacity = capacity;
  return out;
}

/// Dice that belong to one attempt.
random_source dice_of(uint64_t seed, const v1::Task& task) {
  auto hash = seed;
  for (auto c : task.run_id())
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  random_source out{hash ^ (uint64_t{task.task()} << 32 | task.attempt())};
  out.next();
  return out;
}

v1::TaskResult failure(v1::TaskStatus status, v1::ErrorCode code, const char* text, bool retryable) {
  v1::TaskResult out;
  out.set_status(status);
  out.mutable_error()->set_code(code);
  out.mutable_error()->set_message(text);
  out.mutable_error()->set_retryable(retryable);
  return out;
}

agent_deed choose_deed(random_source& dice, double trouble) {
  using deed = agent_deed;
  if (dice.unit() >= trouble)
    return deed::answer;
  auto x = dice.unit();
  return x < 0.35   ? deed::fail_for_now
         : x < 0.45 ? deed::fail_for_good
         : x < 0.60 ? deed::crash
         : x < 0.72 ? deed::hang
         : x < 0.80 ? deed::ignore_cancel
         : x < 0.93 ? deed::late
                    : deed::nonsense;
}

} // namespace

agent_host::agent_host(context& world, process& home, const agent_manners& manners, uint32_t capacity, host_sinks sinks)
    : world_{world}, home_{home}, manners_{manners}, sinks_{std::move(sinks)}, capacity_{capacity}, core_{limits_of(
                                                                                                        home.name,
                                                                                                        capacity)} {}

size_t agent_host::load() const {
  auto x = core_.load();
  return x.queued + x.running;
}

void agent_host::submit(task_batch batch, uint64_t sink) {
  for (const auto& spec : batch.agents)
    core_.learn(spec, now());
  for (auto& task : batch.tasks)
    core_.submit(std::move(task), sink, now());
  apply();
}

void agent_host::cancel(const v1::CancelBatch& batch) {
  for (const auto& x : batch.tasks())
    core_.cancel(x, now());
  apply();
}

void agent_host::drain() {
  core_.drain(now());
  apply();
}

// -- what the core wants ----------------------------------------------------------------------------------------------

void agent_host::apply() {
  for (auto& x : core_.take_actions())
    std::visit([this](auto& y) { act(y); }, x);
  if (load() > capacity_)
    world_.judge.accuse(home_.name + " has taken more tasks than it has room for");
  schedule_tick();
}

void agent_host::schedule_tick() {
  auto due = core_.next_deadline();
  if (!due || *due >= next_tick_)
    return;
  next_tick_ = *due;
  world_.time.after(std::max<int64_t>(0, *due - now()), home_, [this, at = *due] {
    if (at == next_tick_)
      next_tick_ = INT64_MAX;
    core_.tick(now());
    apply();
  });
}

void agent_host::act(host_action::start_instance& x) {
  instances_[x.instance].agent = x.agent;
  come_up(x.instance, world_.between(50, 20 * msec) * home_.slowness);
}

void agent_host::come_up(uint64_t id, usec after) {
  world_.time.after(after, home_, [this, id, life = instances_.at(id).life] {
    auto i = instances_.find(id);
    if (i == instances_.end() || i->second.abandoned || i->second.life != life)
      return;
    i->second.up = true;
    core_.instance_up(id, now());
    apply();
  });
}

void agent_host::act(host_action::abandon_instance& x) {
  auto i = instances_.find(x.instance);
  if (i == instances_.end())
    return;
  i->second.abandoned = true;
  world_.see(sight::agent_replaced);
  // Its thread may come back some day.
  if (!world_.chance(0.7))
    return;
  world_.time.after(world_.between(1 * msec, 30 * second), home_, [this, id = x.instance] {
    if (instances_.erase(id) > 0) {
      core_.instance_down(id, "stopped at last", now());
      apply();
    }
  });
}

void agent_host::act(host_action::stop_agent& x) {
  std::erase_if(instances_, [&](auto& entry) { return entry.second.agent == x.agent && !entry.second.abandoned; });
}

void agent_host::act(host_action::cancel_task& x) {
  for (auto& [number, job] : executions_) {
    if (job.instance != x.instance || job.task.run_id() != x.task.run_id() || job.task.task() != x.task.task()
        || job.task.attempt() != x.task.attempt())
      continue;
    if (job.obeys_cancel)
      answer_later(number, world_.between(50, 5 * msec),
                   failure(v1::TASK_STATUS_CANCELLED, v1::ERROR_CODE_CANCELLED, "cancelled", false));
    return;
  }
}

void agent_host::act(host_action::answer& x) {
  world_.judge.task_answered(*x.result);
  forget_operations(*x.result);
  add_result(outbox(x.sink).results, std::move(x.result));
}

agent_host::parcel& agent_host::outbox(uint64_t sink) {
  auto& out = outbox_[sink];
  if (out.results.results_size() == 0 && out.operations.operations_size() == 0)
    world_.time.after(world_.between(1, 100), home_, [this, sink] {
      auto parcel = std::exchange(outbox_[sink], {});
      // What a task did comes before how it ended.
      if (parcel.operations.operations_size() > 0)
        sinks_.operations(sink, std::move(parcel.operations));
      if (parcel.results.results_size() > 0)
        sinks_.results(sink, std::move(parcel.results));
    });
  return out;
}

// -- what agents do ---------------------------------------------------------------------------------------------------

void agent_host::act(host_action::run_task& x) {
  auto i = instances_.find(x.instance);
  if (i == instances_.end() || !i->second.up)
    return;
  world_.judge.task_begins(home_, *x.task);
  auto number = ++last_execution_;
  auto dice = dice_of(manners_.seed, *x.task);
  auto what = now() < manners_.calm_from ? choose_deed(dice, manners_.trouble) : agent_deed::answer;
  // From a millisecond to three seconds, most of them short.
  auto spread = dice.unit();
  auto takes = static_cast<usec>((1 + 3'000 * spread * spread) * msec) * home_.slowness;
  world_.say(home_, "{} begins {}/{} attempt {}", *x.agent, x.task->run_id(), x.task->task(), x.task->attempt());
  execution job{x.instance, i->second.life, *x.task, what,
                what != agent_deed::ignore_cancel && what != agent_deed::late};
  if (x.task->has_turn()) {
    job.mind = std::make_unique<member>(manners_.seed, *x.task, manners_.most_acts);
    job.pace = takes / static_cast<usec>(job.mind->plans() + 1);
    if (what != agent_deed::answer)
      job.stops_after = static_cast<uint32_t>(dice.below(job.mind->plans() + 1));
    executions_.emplace(number, std::move(job));
    go_on_later(number);
    return;
  }
  auto& stored = executions_.emplace(number, std::move(job)).first->second;
  if (what == agent_deed::late)
    takes += int64_t{x.task->timeout_ms()} * msec;
  if (!misbehave(number, takes))
    answer_later(number, takes, result_of(stored));
}

v1::TaskResult agent_host::result_of(const execution& job) const {
  v1::TaskResult result;
  switch (job.what) {
  case agent_deed::fail_for_now:
    return failure(v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_FAILED, "not this time", true);
  case agent_deed::fail_for_good:
    return failure(v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_FAILED, "never", false);
  case agent_deed::nonsense:
    result.set_status(v1::TASK_STATUS_SUCCESS);
    result.mutable_output()->set_data("{not json");
    return result;
  default:
    break;
  }
  result.set_status(v1::TASK_STATUS_SUCCESS);
  auto dice = dice_of(manners_.seed + 1, job.task);
  if (job.mind)
    result.mutable_output()->set_data(job.mind->output());
  else if (job.task.agent() == "chooser")
    result.mutable_output()->set_data(chosen_role(dice));
  else if (job.task.agent() == "resolver")
    result.mutable_output()->set_data(settled_value(job.task.input().data()));
  else
    // Says who made it, so that nobody can pass it off as another attempt's.
    result.mutable_output()->set_data(fmt::format(R"({{"ok":{},"by":"{} attempt {} epoch {}","n":{}}})",
                                                  dice.unit() < 0.7, home_.boot_id(), job.task.attempt(),
                                                  job.task.epoch(), dice.below(100)));
  return result;
}

bool agent_host::misbehave(uint64_t number, usec after) {
  const auto& job = executions_.at(number);
  if (job.what == agent_deed::crash)
    world_.time.after(after, home_, [this, id = job.instance, life = job.life] {
      if (auto k = instances_.find(id); k != instances_.end() && k->second.life == life)
        crash(id);
    });
  return job.what == agent_deed::crash || job.what == agent_deed::hang || job.what == agent_deed::ignore_cancel;
}

void agent_host::answer_later(uint64_t number, usec after, v1::TaskResult result) {
  world_.time.after(after, home_, [this, number, result = std::move(result)] { finish(number, result); });
}

void agent_host::finish(uint64_t number, v1::TaskResult result) {
  auto job = executions_.find(number);
  if (job == executions_.end())
    return;
  auto i = instances_.find(job->second.instance);
  if (i != instances_.end() && i->second.life == job->second.life) {
    result.set_run_id(job->second.task.run_id());
    result.set_task(job->second.task.task());
    result.set_attempt(job->second.task.attempt());
    result.set_epoch(job->second.task.epoch());
    core_.finished(std::move(result), now());
  }
  executions_.erase(job);
  apply();
}

void agent_host::crash(uint64_t id) {
  world_.see(sight::agent_crashed);
  auto& x = instances_.at(id);
  ++x.life;
  x.up = false;
  auto agent = x.agent;
  if (x.abandoned) {
    instances_.erase(id);
    core_.instance_down(id, "crashed", now());
  } else if (world_.chance(0.15)) {
    world_.see(sight::agent_gave_up);
    world_.say(home_, "the supervisor of an agent gives up");
    std::erase_if(instances_, [&](auto& entry) { return entry.second.agent == agent && !entry.second.abandoned; });
    core_.agent_gone(agent, "crashed", now());
  } else {
    core_.instance_down(id, "crashed", now());
    come_up(id, world_.between(50 * msec, 500 * msec));
  }
  apply();
}

} // namespace troupe::sim
