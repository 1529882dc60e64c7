#pragma once

#include "runtime/core/result.hpp"

#include <atomic>
#include <string_view>

namespace troupe {

/// Places at which a process can be told to die, as by kill -9, or to hang, to see what the others make of it (ADR
/// 0005). Inert unless armed, and then a relaxed load: they stand on paths that handle batches, not single messages.
namespace fail_points {

extern std::atomic<bool> armed;

/// "NAME" or "NAME:N": the process kills itself when it passes NAME for the Nth time (1, the default, and up).
/// "NAME:N:hang": from then on whoever passes stands still for ever, as an actor that never returns does.
/// Once per process, before its threads begin. Fails with invalid_input.
result<void> arm(std::string_view spec);

void passed(std::string_view name);

} // namespace fail_points

/// `name`: "<subject>.<moment>", such as "run.durable".
inline void fail_point(std::string_view name) {
  if (fail_points::armed.load(std::memory_order_relaxed)) [[unlikely]]
    fail_points::passed(name);
}

} // namespace troupe
