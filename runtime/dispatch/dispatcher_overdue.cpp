#include "runtime/dispatch/dispatcher_impl.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe {

namespace {

/// Who did not tick for so long was stopped, or had no processor: answers may lie unread.
constexpr int64_t long_pause_ms = 2'000;

} // namespace

bool dispatcher_core::impl::is_overdue(task_entry& x, int64_t now_ms) const {
  auto limit = int64_t{x.task->timeout_ms()};
  auto longest = x.signs->longest_ms();
  if (limit == 0 || !longest)
    return false;
  if (!x.begun_by_ms && x.signs->overtook(x.number, x.task->priority()))
    x.begun_by_ms = now_ms;
  auto since = x.begun_by_ms ? *x.begun_by_ms + limit : std::max(x.dispatched_at_ms, x.signs->heard_ms());
  return std::max(since, awake_since_ms) + *longest + config.answer_grace.count() <= now_ms;
}

void dispatcher_core::impl::end_overdue(int64_t now_ms) {
  if (looked_ms && now_ms - *looked_ms > long_pause_ms)
    awake_since_ms = now_ms;
  looked_ms = now_ms;
  std::vector<task_entry*> overdue;
  for (auto& [name, node] : nodes) {
    node->tasks.each([&](task_entry& x) {
      if (is_overdue(x, now_ms))
        overdue.push_back(&x);
    });
    for (auto& [agent, signs] : node->signs)
      signs->forget();
  }
  for (auto* x : overdue)
    give_up(*x, now_ms);
}

void dispatcher_core::impl::give_up(task_entry& x, int64_t now_ms) {
  auto& node = *x.node;
  ++numbers.overdue;
  // What it still does there, if anything, nobody waits for.
  auto* cancel = node.cancels.add_tasks();
  cancel->set_run_id(x.task->run_id());
  cancel->set_task(x.task->task());
  cancel->set_attempt(x.task->attempt());
  cancel->set_reason("the node did not answer in time");
  // It is the node that does not answer: the agent's breaker has nothing to learn from it, and others may do better.
  x.where->agent->breaker.abandon(x.permit);
  close_site(*x.where, node, false, now_ms);
  leave_node(x);
  if (x.owner != 0) {
    auto r = std::make_unique<v1::TaskResult>();
    r->set_run_id(x.task->run_id());
    r->set_task(x.task->task());
    r->set_attempt(x.task->attempt());
    r->set_epoch(x.task->epoch());
    r->set_status(v1::TASK_STATUS_TIMED_OUT);
    r->mutable_error()->set_code(v1::ERROR_CODE_TIMED_OUT);
    r->mutable_error()->set_message("node " + node.name() + " said nothing of it, although its time limit of "
                                    + std::to_string(x.task->timeout_ms()) + " ms is over");
    r->mutable_error()->set_retryable(true);
    complete(*r, x, node.name());
    answer(x.owner, std::move(r));
  }
  forget(x);
}

} // namespace troupe
