#pragma once

#include "messages/agent.hpp"
#include "runtime/core/task_batch.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe {

/// Tasks that an instance works on one after the other: one message there and one back, in place of two per task.
/// Shared by the agent, which writes results in order and counts them in `done`, and its host, which reads those that
/// are counted, at any time: of an agent that dies or hangs it knows what had been done, and whose turn it was.
struct serial_work {
  struct item {
    task_ptr task;
    /// See host_action::run_task.
    uint64_t ticket = 0;
    result_ptr result;
    int64_t run_us = 0;
  };

  std::vector<item> items;
  std::atomic<size_t> done{0};
  /// The host's own: how many results it has read.
  size_t taken = 0;
};

using serial_work_ptr = std::shared_ptr<serial_work>;

/// All of it is done, as far as it goes.
struct serial_work_done {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::serial_work_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::serial_work_done)

namespace troupe {

/// An agent of a kind that says that it is `serial`.
using serial_agent_actor = agent_actor::extend<
    // Works on the tasks in their order. The answer comes as an asynchronous message.
    caf::replies_to<serial_work_ptr>::with<serial_work_done>>;

} // namespace troupe
