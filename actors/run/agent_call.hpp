#pragma once

#include "messages/dispatcher.hpp"

#include <caf/expected.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>

namespace troupe {

struct agent_call_state {
  static inline constexpr const char* name = "agent-call";

  bool answered = false;
  std::function<void(caf::expected<v1::TaskResult>)> answer;

  void settle(caf::expected<v1::TaskResult> how);
};

/// One task for one agent outside of any run; lives until it has called `answer`, exactly once, at the latest when the
/// message's timeout (default 60 s) has passed.
task_owner_actor::behavior_type agent_call(task_owner_actor::stateful_pointer<agent_call_state> self,
                                           dispatcher_actor dispatcher, std::string id, v1::InvokeAgent request,
                                           std::function<void(caf::expected<v1::TaskResult>)> answer);

} // namespace troupe
