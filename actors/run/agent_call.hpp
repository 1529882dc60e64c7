#pragma once

#include "messages/dispatcher.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <optional>
#include <string>

namespace troupe {

/// One request of a client to an agent, outside of any run.
using agent_call_actor = task_owner_actor::extend<
    // Asked once. Fails with ec::unavailable (the agent's node is gone), ec::timed_out.
    caf::replies_to<v1::InvokeAgent>::with<v1::TaskResult>>;

struct agent_call_state {
  static inline constexpr const char* name = "agent-call";

  std::optional<caf::typed_response_promise<v1::TaskResult>> caller;
};

/// Lives until it has answered, at the latest when the message's timeout (default 60 s) has passed. `id` stands for the
/// run in the task's address.
agent_call_actor::behavior_type agent_call(agent_call_actor::stateful_pointer<agent_call_state> self,
                                           dispatcher_actor dispatcher, std::string id);

} // namespace troupe
