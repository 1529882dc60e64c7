#pragma once

#include "messages/type_ids.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// An AGENT: does one kind of work. Every kind (function, lua, process, http, llm, your own) is one of these; the agent
/// host spawns it, sends it at most `concurrency` tasks at once and restarts it when it dies.
using agent_actor = caf::typed_actor<
    // Works on one attempt of a task. A failure of the work is a TaskResult with an error, never a CAF error; an
    // exception ends the actor, which its supervisor restarts, and the task comes back as agent_crashed. Tasks that
    // were sent and not requested get their result as an asynchronous message to the sender.
    caf::replies_to<v1::Task>::with<v1::TaskResult>,
    // Stops working on a task; the answer (cancelled, or the result that was already on its way) still goes out.
    // Unknown tasks are ignored.
    caf::reacts_to<v1::CancelTask>>;

} // namespace troupe
