#pragma once

#include "runtime/run/machine.hpp"
#include "troupe/v1/run.pb.h"

#include <vector>

namespace troupe {

/// What a run's journal says when it is read again.
struct replayed_run {
  workflow_ptr definition;
  run_machine machine;
  /// Everything that was ever published, in order, with the times of the events.
  std::vector<v1::RunUpdate> updates;
  /// When operations of teams' members were answered.
  struct op_answer {
    uint32_t task = 0;
    uint32_t attempt = 0;
    uint32_t number = 0;
    int64_t at_ms = 0;
  };
  std::vector<op_answer> answers;
};

/// The definition of a stored run, under the rules of this build. Fails with ERROR_CODE_INVALID_INPUT, with the remedy.
result<workflow_ptr> stored_definition(const v1::RunDetails& details);

/// Reads a stored run. Fails with ERROR_CODE_INVALID_INPUT when the definition or an event does not belong to this
/// build's rules (machine_version), with the remedy.
result<replayed_run> replay_run(const v1::RunDetails& details);

void set_counts(const task_counts& counts, v1::RunFinished& out);

/// The last update of a run that has ended: its summary, output and error.
v1::RunUpdate finished_update(const v1::RunSummary& summary, const run_machine& machine);

} // namespace troupe
