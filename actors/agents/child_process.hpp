#pragma once

#include "actors/agents/process_port.hpp"
#include "runtime/core/result.hpp"

#include <sys/types.h>

namespace troupe {

/// A child that runs its program, and our ends of its pipes (non-blocking, close-on-exec).
struct child_process {
  pid_t pid = -1;
  /// Readable when the child has ended.
  int pidfd = -1;
  int in = -1;
  int out = -1;
  int err = -1;
};

/// Starts a program in a process group of its own, with no file of ours but the three pipes, all signals as the system
/// has them. When the calling thread ends, the system kills the child: call it from a thread that lives as long as the
/// node. Errors carry the system's word ("No such file or directory").
result<child_process> start_child_process(const process_command& command);

} // namespace troupe
