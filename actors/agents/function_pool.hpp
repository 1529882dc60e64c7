#pragma once

#include "actors/agents/agent_kind.hpp"
#include "runtime/agents/function/function_registry.hpp"
#include "runtime/core/json.hpp"

#include <cstddef>

namespace troupe {

/// Threads that blocking functions of one process may hold at once; a function that never returns keeps its own.
inline constexpr size_t max_blocking_threads = 512;

/// Workers of one pool. More tasks at once than this wait within the pool.
inline constexpr uint32_t max_pool_workers = 64;

/// An agent over functions: one object per worker, and as many workers as `spec.concurrency()` asks for, started when
/// they are needed. Blocking functions get a thread per worker; others share the scheduler's.
///
/// Cancelling sets the flag that the function can ask for; a task that waits is answered at once. When a function
/// throws, the whole pool ends with what it threw as its reason.
///
/// Fails as `make` does (it is called once right away), or with ERROR_CODE_RESOURCE_EXHAUSTED when there are no more
/// threads to have.
result<agent_actor> spawn_function_pool(const v1::AgentSpec& spec, const agent_context& context,
                                        const function_registry::entry& function, const json& config);

/// Whether it is made without workers: one object that works on one task after the other.
bool is_single_function(const v1::AgentSpec& spec, const function_registry::entry& function);

} // namespace troupe
