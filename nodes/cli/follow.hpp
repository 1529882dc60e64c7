#pragma once

#include "nodes/cli/session.hpp"
#include "runtime/expression/jsonpath.hpp"

#include <optional>
#include <string>

namespace troupe::cli {

struct follow_options {
  bool as_json = false;
  bool allow_partial = false;
  /// The part of the output that is printed; all of it without one.
  std::optional<jsonpath> select;
  /// No progress.
  bool quiet = false;
  /// Ctrl-C cancels the run; otherwise it only ends the watching.
  bool cancel_on_interrupt = false;
  /// How long to wait for the end of the run; it goes on after that.
  std::optional<milliseconds> deadline;
};

/// Shows a run on `io.err` until it ends, and writes its output to `io.out`.
exit_code follow(session& to, const std::string& run_id, const follow_options& options, console& io);

} // namespace troupe::cli
