#include "runtime/dispatch/dispatcher_core.hpp"

#include "runtime/core/result.hpp"
#include "runtime/dispatch/dispatcher_impl.hpp"

#include <algorithm>
#include <functional>
#include <optional>

namespace troupe {

namespace {

v1::Error make_error(errc code, std::string message, bool retryable, milliseconds retry_after = milliseconds{0}) {
  v1::Error out;
  out.set_code(code);
  out.set_message(std::move(message));
  out.set_retryable(retryable);
  out.set_retry_after_ms(static_cast<uint32_t>(retry_after.count()));
  return out;
}

/// Whether a failure says that the agent is not well. The others are the caller's doing or nobody's.
bool is_agents_fault(errc code) {
  switch (code) {
  case v1::ERROR_CODE_INVALID_INPUT:
  case v1::ERROR_CODE_NOT_FOUND:
  case v1::ERROR_CODE_ALREADY_EXISTS:
  case v1::ERROR_CODE_CANCELLED:
  case v1::ERROR_CODE_FENCED:
  case v1::ERROR_CODE_EXPRESSION:
  case v1::ERROR_CODE_FORBIDDEN:
    return false;
  default:
    return true;
  }
}

/// Whether another node, or the same one later, might take what a node has rejected. Not an attempt that is malformed
/// or older than what the node has seen.
bool is_worth_another_try(errc code) {
  return code != v1::ERROR_CODE_INVALID_INPUT && code != v1::ERROR_CODE_FENCED && code != v1::ERROR_CODE_ALREADY_EXISTS;
}

/// How long those should wait who found the queue full.
constexpr milliseconds full_queue_retry{1'000};

} // namespace

std::string validate(const dispatcher_config& config) {
  if (config.max_queued == 0 || config.max_queued_bytes == 0)
    return "the bounds of the dispatcher's queue must be 1 or more";
  if (config.unplaceable_after.count() < 0 || config.no_nodes_after.count() < 0 || config.rejection_pause.count() < 0)
    return "the dispatcher's waits must not be negative";
  if (config.rejection_pause > milliseconds{60'000})
    return "the pause after a rejection must be 60 s or less";
  if (config.answer_grace.count() < 0)
    return "the dispatcher's answer_grace must not be negative";
  if (config.max_rejections == 0)
    return "the dispatcher's max_rejections must be 1 or more";
  if (config.ahead.count() < 1 || config.ahead > milliseconds{60'000})
    return "the work that the dispatcher gives ahead must be 1 ms to 60 s";
  if (config.suspect_after == 0)
    return "the dispatcher's suspect_after must be 1 or more";
  if (config.max_batch_tasks == 0 || config.max_batch_bytes == 0)
    return "the bounds of a batch of tasks must be 1 or more";
  return {};
}

dispatcher_core::dispatcher_core(dispatcher_config config) : impl_{std::make_unique<impl>(config)} {}
dispatcher_core::~dispatcher_core() = default;
dispatcher_core::dispatcher_core(dispatcher_core&&) noexcept = default;
dispatcher_core& dispatcher_core::operator=(dispatcher_core&&) noexcept = default;

void dispatcher_core::tasks_queued(owner_id owner, task_batch batch, int64_t now_ms) {
  auto& entry = impl_->owners[owner];
  for (const auto& spec : batch.agents)
    impl_->define(entry, spec);
  for (auto& task : batch.tasks)
    impl_->enqueue(owner, std::move(task), now_ms);
}

void dispatcher_core::cancel(const v1::CancelBatch& batch) {
  for (auto& x : batch.tasks())
    if (auto* entry = impl_->find(x.run_id(), x.task(), x.attempt()))
      impl_->abort(*entry, x.reason());
}

void dispatcher_core::results(const std::string& node, v1::ResultBatch batch, int64_t now_ms) {
  auto& numbers = impl_->numbers;
  for (auto& r : take_results(batch)) {
    auto* x = impl_->find(r->run_id(), r->task(), r->attempt());
    if (!x)
      ++(impl_->ended.contains(r->run_id(), r->task(), r->attempt()) ? numbers.late : numbers.unknown);
    else if (!x->node || x->node->name() != node)
      ++numbers.late;
    else if (x->task->epoch() != r->epoch())
      ++numbers.fenced;
    else
      impl_->accept(*x, std::move(r), now_ms);
  }
}

void dispatcher_core::owner_gone(owner_id owner) {
  auto i = impl_->owners.find(owner);
  if (i == impl_->owners.end())
    return;
  while (!i->second.tasks.empty())
    impl_->abort(i->second.tasks.front(), "the owner of the task is gone");
  for (auto* agent : i->second.agents) {
    --agent->owners;
    impl_->unuse(*agent);
  }
  impl_->owners.erase(i);
}

dispatcher_stats dispatcher_core::stats() const {
  auto out = impl_->numbers;
  out.queued = impl_->queued;
  for (auto& [name, node] : impl_->nodes) {
    out.outstanding += node->tasks.size();
    if (node->status.state() == v1::NODE_STATE_UP && node->has_credit())
      out.credits += node->status.info().capacity() - node->tasks.size();
  }
  return out;
}

owner_id dispatcher_core::owner_of(const std::string& run_id, uint32_t task, uint32_t attempt) const {
  auto* x = impl_->find(run_id, task, attempt);
  return x ? x->owner : 0;
}

std::string dispatcher_core::node_of(const std::string& run_id, uint32_t task, uint32_t attempt) const {
  auto* x = impl_->find(run_id, task, attempt);
  return x && x->node ? x->node->name() : std::string{};
}

// -- tasks ------------------------------------------------------------------------------------------------------------

size_t dispatcher_core::impl::key_hash::operator()(const key& x) const {
  auto number = uint64_t{x.task} << 32 | x.attempt;
  return std::hash<std::string_view>{}(x.run_id) ^ static_cast<size_t>(number * 0x9e3779b97f4a7c15ULL);
}

dispatch::task_entry* dispatcher_core::impl::find(const std::string& run_id, uint32_t task, uint32_t attempt) const {
  auto i = tasks.find(key{run_id, task, attempt});
  return i == tasks.end() ? nullptr : i->get();
}

std::optional<v1::Error> dispatcher_core::impl::refusal(const v1::Task& task, const task_entry* same,
                                                        agent_entry* agent, uint64_t bytes, int64_t now_ms) {
  if (same)
    return make_error(v1::ERROR_CODE_ALREADY_EXISTS, "this attempt is under way for another owner or epoch", true);
  if (!agent)
    return make_error(v1::ERROR_CODE_NOT_FOUND,
                      "agent '" + task.agent() + "' has no definition with the hash " + task.agent_hash(), false);
  if (agent->breaker.current(now_ms) == circuit_breaker::state::open)
    return make_error(v1::ERROR_CODE_CIRCUIT_OPEN, "the circuit breaker of agent '" + task.agent() + "' is open", true,
                      agent->breaker.retry_after(now_ms));
  if (queued >= config.max_queued || queued_bytes + bytes > config.max_queued_bytes) {
    ++numbers.no_room;
    return make_error(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                      "the dispatcher's queue is full (" + std::to_string(queued) + " tasks, "
                          + std::to_string(queued_bytes) + " bytes)",
                      true, full_queue_retry);
  }
  return std::nullopt;
}

void dispatcher_core::impl::enqueue(owner_id owner, task_ptr shared, int64_t now_ms) {
  const auto& task = *shared;
  auto* same = find(task.run_id(), task.task(), task.attempt());
  if (same && same->owner == owner && same->task->epoch() == task.epoch())
    return;
  auto* agent = agent_of(task);
  auto bytes = static_cast<uint64_t>(task.ByteSizeLong());
  if (auto error = refusal(task, same, agent, bytes, now_ms)) {
    answer(owner, task, std::move(*error));
    return;
  }
  auto x = std::make_unique<task_entry>();
  x->task = std::move(shared);
  x->owner = owner;
  x->seq = next_seq++;
  x->bytes = bytes;
  x->queued_at_ms = now_ms;
  x->losses = losses.losses(x->task->run_id(), x->task->task());
  x->where = &lane_of(*agent, *x->task, now_ms);
  use(*agent);
  owners[owner].tasks.push_back(*x);
  enter_queue(*x, false, now_ms);
  tasks.insert(std::move(x));
}

void dispatcher_core::impl::enter_queue(task_entry& x, bool again, int64_t now_ms) {
  auto& l = *x.where;
  auto was_empty = l.queue.empty();
  if (again) {
    l.queue.put_back(x.ticket, &x);
    l.arrivals.push_front(x);
  } else {
    // One whose node was lost had its turn. Suspects wait at the end: they go one by one, and nobody is to wait behind
    // them.
    x.ticket = x.losses > 0 && !is_suspect(x) ? l.queue.push_front(&x, x.owner, x.task->priority(), x.seq)
                                              : l.queue.push(&x, x.owner, x.task->priority(), x.seq);
    l.arrivals.push_back(x);
  }
  ++queued;
  queued_bytes += x.bytes;
  if (was_empty) {
    set_tag(l, virtual_now + l.queue.front_cost());
    activate(l);
    note_homeless(l, now_ms);
  } else {
    set_tag(l, std::min(l.tag, virtual_now + l.queue.front_cost()));
  }
}

void dispatcher_core::impl::leave_queue(task_entry& x) {
  auto& l = *x.where;
  l.arrivals.erase(x);
  queued_bytes -= x.bytes;
  if (--queued == 0)
    virtual_now = 0;
  if (l.arrivals.empty()) {
    deactivate(l);
    homeless.erase(l.id);
  }
}

void dispatcher_core::impl::leave_node(task_entry& x) {
  x.node->tasks.erase(x);
  if (auto* s = find_site(*x.where, *x.node); s && s->outstanding > 0)
    --s->outstanding;
  if (is_suspect(x))
    --x.node->suspects;
  x.signs->left();
  x.signs = nullptr;
  free_node(*x.node);
  x.node = nullptr;
  x.where->agent->room.release();
  free_agent(*x.where->agent);
}

void dispatcher_core::impl::forget(task_entry& x) {
  ended.add(x.task->run_id(), x.task->task(), x.task->attempt());
  if (auto i = owners.find(x.owner); i != owners.end())
    i->second.tasks.erase(x);
  auto& agent = *x.where->agent;
  --agent.tasks;
  unuse(agent);
  tasks.erase(tasks.find(key_of(x)));
}

void dispatcher_core::impl::abort(task_entry& x, const std::string& reason) {
  if (!x.node) {
    x.where->queue.erase(x.ticket);
    leave_queue(x);
    forget(x);
    return;
  }
  if (x.owner == 0)
    return;
  if (auto i = owners.find(x.owner); i != owners.end())
    i->second.tasks.erase(x);
  x.owner = 0;
  auto* out = x.node->cancels.add_tasks();
  out->set_run_id(x.task->run_id());
  out->set_task(x.task->task());
  out->set_attempt(x.task->attempt());
  out->set_reason(reason);
}

// -- results ----------------------------------------------------------------------------------------------------------

void dispatcher_core::impl::accept(task_entry& x, result_ptr result, int64_t now_ms) {
  auto& node = *x.node;
  auto& r = *result;
  auto rejected = r.status() == v1::TASK_STATUS_REJECTED;
  learn(x, r, now_ms);
  x.signs->answered(x.number, x.task->priority(), !rejected, now_ms);
  if (rejected) {
    ++x.rejections;
    ++(r.error().code() == v1::ERROR_CODE_RESOURCE_EXHAUSTED ? numbers.no_room : numbers.refused);
    if (is_worth_another_try(r.error().code()))
      close_site(*x.where, node, r.error().code() == v1::ERROR_CODE_FORBIDDEN, now_ms);
    // Should the host have lost the definition, it gets it again.
    if (r.error().code() == v1::ERROR_CODE_NOT_FOUND)
      node.known.erase(x.where->agent);
  }
  leave_node(x);
  if (rejected && x.owner != 0 && x.rejections < config.max_rejections && is_worth_another_try(r.error().code())) {
    enter_queue(x, true, now_ms);
    return;
  }
  losses.answered(x.task->run_id(), x.task->task());
  if (x.owner != 0) {
    complete(r, x, node.name());
    answer(x.owner, std::move(result));
  }
  forget(x);
}

void dispatcher_core::impl::learn(task_entry& x, const v1::TaskResult& r, int64_t now_ms) {
  auto& breaker = x.where->agent->breaker;
  auto succeeded = r.status() == v1::TASK_STATUS_SUCCESS;
  auto failed = (r.status() == v1::TASK_STATUS_FAILED || r.status() == v1::TASK_STATUS_TIMED_OUT)
                && is_agents_fault(r.error().code());
  if (!succeeded && !failed) {
    breaker.abandon(x.permit);
    return;
  }
  breaker.record(x.permit, succeeded, now_ms);
  auto* i = find_site(*x.where, *x.node);
  if (!i)
    return;
  i->rejections = 0;
  // A failure says nothing about the time that a task takes.
  if (succeeded && r.has_timings())
    i->service_ms = next_latency(i->service_ms, std::max(0.001, static_cast<double>(r.timings().run_us()) / 1'000));
  auto sample = std::max(1.0, static_cast<double>(now_ms - x.dispatched_at_ms));
  // A node that fails fast must not look like a fast node and attract everything.
  i->latency_ms = next_latency(i->latency_ms, succeeded ? sample : std::max(sample, i->latency_ms * slowest_factor));
}

void dispatcher_core::impl::complete(v1::TaskResult& r, const task_entry& x, const std::string& node) const {
  if (r.node() != node)
    r.set_node(node);
  r.mutable_timings()->set_dispatched_at_ms(x.dispatched_wall_ms);
  if (r.status() == v1::TASK_STATUS_REJECTED) {
    auto again = is_worth_another_try(r.error().code());
    r.set_status(v1::TASK_STATUS_FAILED);
    if (again)
      r.mutable_error()->set_message("rejected " + std::to_string(x.rejections) + " times, last by " + node + ": "
                                     + r.error().message());
    r.mutable_error()->set_retryable(again);
  } else if (r.status() == v1::TASK_STATUS_UNSPECIFIED || !v1::TaskStatus_IsValid(r.status())) {
    r.set_status(v1::TASK_STATUS_FAILED);
    *r.mutable_error() = make_error(v1::ERROR_CODE_INVALID_OUTPUT, node + " sent a result without status", true);
  }
}

dispatch::owner_entry* dispatcher_core::impl::dirty(owner_id owner) {
  auto i = owners.find(owner);
  if (i == owners.end())
    return nullptr;
  if (!i->second.dirty) {
    i->second.dirty = true;
    dirty_owners.push_back(owner);
  }
  return &i->second;
}

void dispatcher_core::impl::answer(owner_id owner, result_ptr result) {
  if (auto* x = dirty(owner))
    add_result(x->results, std::move(result));
}

void dispatcher_core::impl::answer(owner_id owner, const v1::Task& task, v1::Error error) {
  auto out = std::make_unique<v1::TaskResult>();
  out->set_run_id(task.run_id());
  out->set_task(task.task());
  out->set_attempt(task.attempt());
  out->set_epoch(task.epoch());
  out->set_status(v1::TASK_STATUS_FAILED);
  *out->mutable_error() = std::move(error);
  answer(owner, std::move(out));
}

} // namespace troupe
