#pragma once

#include "actors/agents/agent_kind.hpp"
#include "actors/agents/process_port.hpp"

#include <memory>

namespace troupe {

/// Kind `process`: any program that speaks JSON lines (runtime/agents/process/protocol.hpp). Settings: `command` (the
/// program and its arguments; required), `env` (an object of texts), `cwd`. One process per instance, working on
/// `concurrency` tasks at once; it is started for the first task and again whenever it dies.
///
/// A process cannot be told to drop one task: when a task is cancelled or takes too long, the whole process group is
/// ended, and its other tasks come back as agent_crashed (retryable). Where that matters, use `replicas` rather than
/// `concurrency`.
std::shared_ptr<const agent_factory> make_process_agents(std::shared_ptr<process_port> port);

} // namespace troupe
