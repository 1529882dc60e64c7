// What agents do in the middle of a member's turn, and the host's part of it (actors/agents/agent_host).
#include "tests/sim/agents.hpp"

#include <algorithm>
#include <utility>

namespace troupe::sim {

void agent_host::go_on_later(uint64_t number) {
  auto pace = executions_.at(number).pace;
  world_.time.after(std::max<usec>(1, world_.between(pace / 2, pace + pace / 2)), home_,
                    [this, number] { go_on(number); });
}

void agent_host::go_on(uint64_t number) {
  auto found = executions_.find(number);
  if (found == executions_.end())
    return;
  auto& job = found->second;
  if (auto i = instances_.find(job.instance); i == instances_.end() || i->second.life != job.life) {
    executions_.erase(found);
    return;
  }
  if (job.mind->sent() >= job.stops_after) {
    if (job.what == agent_deed::late) {
      // Goes on as if nothing were, long after its time is over.
      job.stops_after = UINT32_MAX;
      world_.time.after(int64_t{job.task.timeout_ms()} * msec, home_, [this, number] { go_on(number); });
      return;
    }
    if (!misbehave(number, 0))
      finish(number, result_of(job));
    return;
  }
  auto next = job.mind->next();
  if (next) {
    auto alone = job.mind->sent() == job.stops_after && job.what != agent_deed::late
                 && ((job.task.task() ^ job.task.attempt()) & 1U) == 0;
    operate(number, *next);
    // Half of those that come to grief do so while they wait for an answer.
    if (executions_.count(number) > 0 && (alone || !next->waits))
      go_on_later(number);
  } else if (!misbehave(number, 0)) {
    finish(number, result_of(job));
  }
}

void agent_host::operate(uint64_t number, const member_op& x) {
  const auto& task = executions_.at(number).task;
  auto op = x.op;
  op.set_run_id(task.run_id());
  op.set_task(task.task());
  op.set_attempt(task.attempt());
  auto owner = core_.owner_of(task.run_id(), task.task(), task.attempt());
  if (!owner) {
    world_.see(sight::op_refused_by_host);
    v1::OpAnswer refused;
    refused.mutable_error()->set_code(v1::ERROR_CODE_CANCELLED);
    hear(number, op.number(), refused);
    return;
  }
  op.set_epoch(owner->epoch);
  world_.say(home_, "{} of {}/{} attempt {}: {}", task.turn().role(), op.run_id(), op.task(), op.attempt(),
             op.ShortDebugString());
  world_.judge.op_sent(op, x.token, x.seen);
  operations_.insert_or_assign(op_key{op.run_id(), op.task(), op.attempt(), op.number()},
                               waiting_op{number, op, x.token});
  *outbox(owner->sink).operations.add_operations() = std::move(op);
}

void agent_host::answered(const v1::OpAnswerBatch& batch) {
  for (const auto& x : batch.answers()) {
    auto i = operations_.find(op_key{x.run_id(), x.task(), x.attempt(), x.number()});
    if (i == operations_.end())
      continue;
    auto waiting = std::move(i->second);
    operations_.erase(i);
    world_.say(home_, "{}/{} attempt {} hears: {}", x.run_id(), x.task(), x.attempt(), x.ShortDebugString());
    world_.judge.op_heard(waiting.op, waiting.token, x);
    hear(waiting.execution, x.number(), x);
  }
}

void agent_host::hear(uint64_t number, uint32_t operation, const v1::OpAnswer& answer) {
  auto job = executions_.find(number);
  if (job != executions_.end() && job->second.mind->hear(operation, answer))
    go_on_later(number);
}

void agent_host::forget_operations(const v1::TaskResult& x) {
  auto i = operations_.lower_bound(op_key{x.run_id(), x.task(), x.attempt(), 0});
  while (i != operations_.end() && std::get<0>(i->first) == x.run_id() && std::get<1>(i->first) == x.task()
         && std::get<2>(i->first) == x.attempt()) {
    v1::OpAnswer over;
    over.mutable_error()->set_code(v1::ERROR_CODE_CANCELLED);
    auto waiting = std::move(i->second);
    i = operations_.erase(i);
    hear(waiting.execution, waiting.op.number(), over);
  }
}

} // namespace troupe::sim
