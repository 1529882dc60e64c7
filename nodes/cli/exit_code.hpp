#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/journal.pb.h"

namespace troupe::cli {

/// What the process tells the shell. Part of the interface: scripts depend on it.
enum class exit_code : int {
  done = 0,
  failed = 1,
  /// A document, a flag or a name that is wrong; the same call will fail again.
  bad_input = 2,
  /// The run is done with less than everything, and --allow-partial was not given.
  partial = 3,
  /// No coordinator answers at the address.
  unreachable = 4,
  /// Ctrl-C; the run was cancelled.
  interrupted = 130,
};

/// For a request that failed.
exit_code exit_code_of(const error& x);

/// For a run that has ended.
exit_code exit_code_of(v1::RunState state, bool allow_partial);

} // namespace troupe::cli
