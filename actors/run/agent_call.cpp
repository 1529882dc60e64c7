#include "actors/run/agent_call.hpp"

#include "messages/errors.hpp"

#include <chrono>
#include <utility>

namespace troupe {

void agent_call_state::settle(caf::expected<v1::TaskResult> how) {
  if (std::exchange(answered, true))
    return;
  answer(std::move(how));
}

task_owner_actor::behavior_type agent_call(task_owner_actor::stateful_pointer<agent_call_state> self,
                                           dispatcher_actor dispatcher, std::string id, v1::InvokeAgent request,
                                           std::function<void(caf::expected<v1::TaskResult>)> answer) {
  constexpr uint32_t default_timeout_ms = 60'000;
  self->state.answer = std::move(answer);
  const auto& message = request.message();
  auto timeout_ms = message.timeout_ms() > 0 ? message.timeout_ms() : default_timeout_ms;
  v1::TaskBatch batch;
  auto* task = batch.add_tasks();
  task->set_run_id(id);
  task->set_attempt(1);
  task->set_step("call");
  task->set_agent(request.agent());
  task->set_idempotency_key(message.id().empty() ? id : message.id());
  *task->mutable_input() = message.content();
  task->set_priority(message.priority());
  task->set_timeout_ms(timeout_ms);
  self->send(dispatcher, std::move(batch), task_owner_actor{self});
  self->delayed_send(self, std::chrono::milliseconds{timeout_ms}, [&] {
    v1::TaskLost late;
    late.set_reason("no answer in " + std::to_string(timeout_ms) + " ms");
    late.set_attempt(0);
    return late;
  }());
  return {
      [self](const v1::ResultBatch& results) {
        if (results.results_size() > 0)
          self->state.settle(results.results(0));
        self->quit();
      },
      [](const v1::ProgressBatch&) {},
      [self, dispatcher, id](const v1::TaskLost& loss) {
        // Attempt 0 is our own alarm clock.
        if (loss.attempt() == 0) {
          v1::CancelBatch cancel;
          auto* task_to_stop = cancel.add_tasks();
          task_to_stop->set_run_id(id);
          task_to_stop->set_attempt(1);
          self->send(dispatcher, std::move(cancel));
          self->state.settle(to_caf({v1::ERROR_CODE_TIMED_OUT, loss.reason(), true}));
        } else {
          self->state.settle(to_caf({v1::ERROR_CODE_UNAVAILABLE, "the agent's node is gone: " + loss.reason(), true}));
        }
        self->quit();
      },
  };
}

} // namespace troupe
