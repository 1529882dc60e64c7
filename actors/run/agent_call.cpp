#include "actors/run/agent_call.hpp"

#include "messages/errors.hpp"

#include <chrono>
#include <utility>

namespace troupe {

namespace {

v1::Task task_of(const v1::InvokeAgent& request, const std::string& id) {
  constexpr uint32_t default_timeout_ms = 60'000;
  const auto& message = request.message();
  v1::Task task;
  task.set_run_id(id);
  task.set_attempt(1);
  task.set_step("call");
  task.set_agent(request.agent());
  task.set_idempotency_key(message.id().empty() ? id : message.id());
  *task.mutable_input() = message.content();
  task.set_priority(message.priority());
  task.set_timeout_ms(message.timeout_ms() > 0 ? message.timeout_ms() : default_timeout_ms);
  return task;
}

/// Our own alarm clock: a loss of no attempt.
v1::TaskLost alarm(uint32_t timeout_ms) {
  v1::TaskLost late;
  late.set_reason("no answer in " + std::to_string(timeout_ms) + " ms");
  return late;
}

} // namespace

agent_call_actor::behavior_type agent_call(agent_call_actor::stateful_pointer<agent_call_state> self,
                                           dispatcher_actor dispatcher, std::string id) {
  return {
      [self](const v1::ResultBatch& results) {
        if (results.results_size() == 0 || !self->state.caller)
          return;
        self->state.caller->deliver(results.results(0));
        self->quit();
      },
      [](const v1::ProgressBatch&) {},
      // A call is no turn of a team; agents know that from their task.
      [](const v1::OpBatch&) {},
      [self, dispatcher, id](const v1::TaskLost& loss) {
        if (!self->state.caller)
          return;
        if (loss.attempt() == 0) {
          v1::CancelBatch cancel;
          auto* stop = cancel.add_tasks();
          stop->set_run_id(id);
          stop->set_attempt(1);
          self->send(dispatcher, std::move(cancel));
          self->state.caller->deliver(to_caf({v1::ERROR_CODE_TIMED_OUT, loss.reason(), true}));
        } else {
          self->state.caller->deliver(
              to_caf({v1::ERROR_CODE_UNAVAILABLE, "the agent's node is gone: " + loss.reason(), true}));
        }
        self->quit();
      },
      [self, dispatcher, id](const v1::InvokeAgent& request) -> caf::result<v1::TaskResult> {
        self->state.caller = self->make_response_promise<v1::TaskResult>();
        task_batch batch;
        batch.tasks.push_back(std::make_shared<const v1::Task>(task_of(request, id)));
        auto timeout_ms = batch.tasks.front()->timeout_ms();
        self->send(dispatcher, std::move(batch), task_owner_actor{self});
        self->delayed_send(self, std::chrono::milliseconds{timeout_ms}, alarm(timeout_ms));
        return *self->state.caller;
      },
  };
}

} // namespace troupe
