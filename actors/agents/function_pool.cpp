#include "actors/agents/function_pool.hpp"

#include "actors/agents/actor_clock.hpp"
#include "actors/agents/serial_work.hpp"
#include "actors/agents/work_meter.hpp"
#include "messages/errors.hpp"

#include <caf/actor_ostream.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace troupe {

namespace {

/// Progress of one task goes out at most this often.
constexpr int64_t progress_interval_ms = 100;

std::atomic<size_t> blocking_threads{0};

/// Counts a thread for as long as its worker has it, even when the worker's pool is long gone.
class thread_permit {
public:
  static std::shared_ptr<thread_permit> take() {
    if (blocking_threads.fetch_add(1) < max_blocking_threads)
      return std::make_shared<thread_permit>();
    blocking_threads.fetch_sub(1);
    return nullptr;
  }

  thread_permit() = default;
  thread_permit(const thread_permit&) = delete;
  thread_permit& operator=(const thread_permit&) = delete;

  ~thread_permit() {
    blocking_threads.fetch_sub(1);
  }
};

using cancel_flag = std::shared_ptr<std::atomic<bool>>;

/// Lets the thread of a function wait for what becomes of its operations.
class operation_caller {
public:
  explicit operation_caller(caf::actor_system& system) : self_{system} {}

  result<v1::OpAnswer> call(const operation_sink_actor& operations, v1::TaskOp op, milliseconds patience) {
    result<v1::OpAnswer> answered = fail(v1::ERROR_CODE_UNAVAILABLE, "the agent's host is gone", true);
    auto asked = self_->request(operations, patience, std::move(op));
    asked.receive([&](v1::OpAnswer& answer) { answered = std::move(answer); },
                  [&](const caf::error& why) { answered = tl::unexpected<error>(from_caf(why)); });
    // It would be kept until it passes.
    self_->clock().cancel_request_timeout(self_.ptr(), asked.id());
    return answered;
  }

private:
  caf::scoped_actor self_;
};

} // namespace

/// One task on its way to a worker. Never leaves the process.
struct function_job {
  uint64_t number = 0;
  cancel_flag cancelled;
  std::shared_ptr<const v1::Task> task;
};

struct function_done {
  uint64_t number = 0;
  v1::TaskResult result;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::function_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::function_done)

namespace troupe {

namespace {

using function_worker_actor = caf::typed_actor<caf::reacts_to<function_job>>;
using function_pool_actor = agent_actor::extend<caf::reacts_to<function_done>>;

caf::error reason_of(std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return caf::make_error(ec::agent_crashed, e.what());
  } catch (...) {
    return caf::make_error(ec::agent_crashed, "threw something that is no std::exception");
  }
}

/// `operations`: null where the function must not wait. `out` gets what came of it, not whose it is.
void run_in(function_agent& fn, const v1::Task& task, const cancel_flag& cancelled, const clock& time,
            const progress_sink_actor& sink, v1::TaskResult& out, const operation_sink_actor& operations = {},
            caf::actor_system* system = nullptr) {
  task_environment env;
  env.cancelled = cancelled;
  env.time = &time;
  env.started_ms = time.steady_ms();
  if (sink)
    env.progress = [&, next = int64_t{INT64_MIN}](const v1::TaskProgress& x) mutable {
      auto now = time.steady_ms();
      if (now < next)
        return;
      next = now + progress_interval_ms;
      caf::anon_send(sink, x);
    };
  std::optional<operation_caller> caller;
  if (operations && task.has_turn())
    env.operate = [&, system](v1::TaskOp op) {
      if (!caller)
        caller.emplace(*system);
      // The task's own time bounds the wait: when it ends, the host answers that it has.
      auto patience = task.timeout_ms() > 0 ? milliseconds{task.timeout_ms()} + milliseconds{5'000}
                                            : milliseconds{std::chrono::hours{24}};
      return caller->call(operations, std::move(op), patience);
    };
  run_function(fn, task, env, out);
}

struct worker_state {
  static inline const char* name = "function-worker";
  std::unique_ptr<function_agent> fn;
  std::shared_ptr<thread_permit> permit;
  work_meter meter;
};

function_worker_actor::behavior_type function_worker(function_worker_actor::stateful_pointer<worker_state> self,
                                                     std::shared_ptr<std::unique_ptr<function_agent>> fn,
                                                     std::shared_ptr<thread_permit> permit,
                                                     const function_pool_actor& pool, progress_sink_actor progress,
                                                     operation_sink_actor operations) {
  self->state.fn = std::move(*fn);
  self->state.permit = std::move(permit);
  // Both ways: a function that throws ends its agent, and an agent that ends needs no workers.
  self->link_to(pool);
  self->set_exception_handler([](std::exception_ptr& e) { return reason_of(e); });
  auto home = caf::actor_cast<caf::actor_addr>(pool);
  return {
      [self, home, progress, operations](const function_job& job) {
        actor_clock time{self->system()};
        function_done done{job.number, self->state.meter.measure([&] {
                             auto out = result_for(*job.task);
                             run_in(*self->state.fn, *job.task, job.cancelled, time, progress, out, operations,
                                    &self->system());
                             return out;
                           })};
        if (auto to = caf::actor_cast<function_pool_actor>(home))
          self->send(to, std::move(done));
      },
  };
}

struct pool_state {
  static inline const char* name = "function-agent";

  struct open_job {
    function_job job;
    caf::typed_response_promise<v1::TaskResult> answer;
  };

  v1::AgentSpec spec;
  agent_context context;
  function_registry::entry function;
  json config;
  uint32_t max_workers = 1;
  /// Made to see whether it can be, and used by the first worker.
  std::unique_ptr<function_agent> spare;
  std::vector<function_worker_actor> idle;
  std::map<uint64_t, open_job> open;
  std::map<uint64_t, function_worker_actor> busy;
  std::deque<uint64_t> waiting;
  uint32_t workers = 0;
  uint64_t last_number = 0;
};

using pool_pointer = function_pool_actor::stateful_pointer<pool_state>;

/// Nothing when as many workers as there may be are at work.
result<function_worker_actor> free_worker(pool_pointer self) {
  auto& st = self->state;
  if (!st.idle.empty()) {
    auto out = st.idle.back();
    st.idle.pop_back();
    return out;
  }
  if (st.workers == st.max_workers)
    return function_worker_actor{};
  auto fn = std::make_shared<std::unique_ptr<function_agent>>(std::move(st.spare));
  if (!*fn) {
    auto made = st.function.make(st.config);
    if (!made)
      return tl::unexpected<error>(made.error());
    *fn = std::move(*made);
  }
  ++st.workers;
  function_pool_actor me = self;
  if (!st.function.options.blocking)
    return self->spawn(function_worker, std::move(fn), std::shared_ptr<thread_permit>{}, me, st.context.progress,
                       operation_sink_actor{});
  auto permit = thread_permit::take();
  if (!permit) {
    --st.workers;
    if (st.workers > 0)
      return function_worker_actor{};
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "all " + std::to_string(max_blocking_threads) + " threads for blocking functions are in use", true);
  }
  return self->spawn<caf::detached>(function_worker, std::move(fn), std::move(permit), me, st.context.progress,
                                    st.context.operations);
}

void start_waiting(pool_pointer self) {
  auto& st = self->state;
  while (!st.waiting.empty()) {
    auto number = st.waiting.front();
    auto i = st.open.find(number);
    auto worker = free_worker(self);
    if (worker && !*worker)
      return;
    st.waiting.pop_front();
    if (!worker) {
      i->second.answer.deliver(failed_result(*i->second.job.task, worker.error()));
      st.open.erase(i);
      continue;
    }
    st.busy.emplace(number, *worker);
    self->send(*worker, i->second.job);
  }
}

void cancel(pool_pointer self, const v1::CancelTask& x) {
  auto& st = self->state;
  for (auto i = st.open.begin(); i != st.open.end(); ++i) {
    auto& task = *i->second.job.task;
    if (task.task() != x.task() || task.attempt() != x.attempt() || task.run_id() != x.run_id())
      continue;
    i->second.job.cancelled->store(true, std::memory_order_relaxed);
    if (auto waits = std::find(st.waiting.begin(), st.waiting.end(), i->first); waits != st.waiting.end()) {
      st.waiting.erase(waits);
      i->second.answer.deliver(
          failed_result(task, {v1::ERROR_CODE_CANCELLED, x.reason().empty() ? "cancelled" : x.reason(), false}));
      st.open.erase(i);
    }
    return;
  }
}

function_pool_actor::behavior_type function_pool(pool_pointer self, v1::AgentSpec spec, agent_context context,
                                                 function_registry::entry function, json config,
                                                 std::shared_ptr<std::unique_ptr<function_agent>> first) {
  auto& st = self->state;
  st.max_workers = std::clamp(spec.concurrency(), 1u, max_pool_workers);
  st.spec = std::move(spec);
  st.context = std::move(context);
  st.function = std::move(function);
  st.config = std::move(config);
  st.spare = std::move(*first);
  return {
      [self](const v1::Task& task) -> caf::result<v1::TaskResult> {
        auto answer = self->make_response_promise<caf::typed_response_promise<v1::TaskResult>>();
        auto number = ++self->state.last_number;
        function_job job{number, std::make_shared<std::atomic<bool>>(false), std::make_shared<const v1::Task>(task)};
        self->state.open.emplace(number, pool_state::open_job{std::move(job), answer});
        self->state.waiting.push_back(number);
        start_waiting(self);
        return caf::delegated<v1::TaskResult>{};
      },
      [self](const v1::CancelTask& x) { cancel(self, x); },
      [self](function_done& x) {
        auto& state = self->state;
        if (auto i = state.busy.find(x.number); i != state.busy.end()) {
          state.idle.push_back(std::move(i->second));
          state.busy.erase(i);
        }
        if (auto i = state.open.find(x.number); i != state.open.end()) {
          i->second.answer.deliver(std::move(x.result));
          state.open.erase(i);
        }
        start_waiting(self);
      },
  };
}

struct single_state {
  static inline const char* name = "function-agent";
  std::unique_ptr<function_agent> fn;
  work_meter meter;
};

/// The short way for a quick function with one task at a time: no worker between.
serial_agent_actor::behavior_type single_function(serial_agent_actor::stateful_pointer<single_state> self,
                                                  agent_context context,
                                                  std::shared_ptr<std::unique_ptr<function_agent>> fn) {
  self->state.fn = std::move(*fn);
  self->set_exception_handler([](std::exception_ptr& e) { return reason_of(e); });
  return {
      [self, progress = context.progress](const v1::Task& task) {
        actor_clock time{self->system()};
        return self->state.meter.measure([&] {
          auto out = result_for(task);
          run_in(*self->state.fn, task, nullptr, time, progress, out);
          return out;
        });
      },
      // It is never at work when it reads its mail.
      [](const v1::CancelTask&) {},
      [self, progress = context.progress](const serial_work_ptr& work) {
        actor_clock time{self->system()};
        auto& meter = self->state.meter;
        for (auto& x : work->items) {
          x.result = std::make_unique<v1::TaskResult>();
          meter.begin();
          run_in(*self->state.fn, *x.task, nullptr, time, progress, *x.result);
          x.result->mutable_timings()->set_work_us(meter.end());
          x.run_us = static_cast<int64_t>(meter.wall_us());
          work->done.fetch_add(1, std::memory_order_release);
        }
        return serial_work_done{};
      },
  };
}

} // namespace

bool is_single_function(const v1::AgentSpec& spec, const function_registry::entry& function) {
  return spec.concurrency() <= 1 && !function.options.blocking;
}

result<agent_actor> spawn_function_pool(const v1::AgentSpec& spec, const agent_context& context,
                                        const function_registry::entry& function, const json& config) {
  auto first = function.make(config);
  if (!first)
    return tl::unexpected<error>(first.error());
  auto fn = std::make_shared<std::unique_ptr<function_agent>>(std::move(*first));
  if (is_single_function(spec, function))
    return caf::actor_cast<agent_actor>(context.system->spawn(single_function, context, std::move(fn)));
  return caf::actor_cast<agent_actor>(
      context.system->spawn(function_pool, spec, context, function, config, std::move(fn)));
}

} // namespace troupe
