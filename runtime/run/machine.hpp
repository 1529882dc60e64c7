#pragma once

#include "runtime/core/result.hpp"
#include "runtime/run/command.hpp"
#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/journal.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// The RUN MACHINE: `step(event) -> commands`, for one run. Pure: no clock, no random source, no I/O of its own. The
/// same events give the same commands and the same state, so a journal of events is all that a run needs to live on.
class run_machine {
public:
  /// Rules of this build; recorded with each run.
  static constexpr uint32_t version = 1;
  /// A RunResumed leaves out no more task numbers than this, whatever it says.
  static constexpr uint32_t most_left_out = 256;

  /// `publish_updates`: whether `step` also yields publish_update commands. They have no effect on the run.
  explicit run_machine(workflow_ptr definition, bool publish_updates = true);
  ~run_machine();
  run_machine(run_machine&&) noexcept;
  run_machine& operator=(run_machine&&) noexcept;

  /// Whether `event` would change anything: a result for a task's current attempt, a timer that still runs, … Events
  /// that are not accepted must not be journaled.
  bool accepts(const v1::RunEvent& event) const;

  /// Why an operation is not accepted: its attempt is not the current one, or it is more than its team takes.
  std::optional<error> refusal_of(const v1::TaskOp& op) const;

  /// Applies an accepted event and appends what follows from it to `out`. An event that is not accepted does nothing.
  /// `more` is called in between whenever `out` has grown by a `piece`, and may take what is in it: the first tasks of
  /// a wide fan-out need not wait for the last. It must not touch the machine.
  void step(const v1::RunEvent& event, std::vector<command>& out, const std::function<void()>& more = {});
  static constexpr size_t piece = 256;

  bool started() const;
  bool finished() const;

  /// After `finished()`; what the finish_run command said.
  const finish_run& outcome() const;

  /// Tasks that were started and have not ended.
  size_t tasks_in_flight() const;

  /// Numbers that tasks have been given; the next task gets this one.
  uint32_t tasks() const;

  /// Fingerprint of the whole state, for "replay equals live".
  uint64_t digest() const;

  /// Current state of every step that has begun, as updates for a new watcher.
  std::vector<v1::RunUpdate> snapshot() const;

  /// From now on `step` yields no more than so many publish_update commands.
  void publish_at_most(uint64_t updates);

  /// Whether there were more than that.
  bool updates_missed() const;

  /// A team that is at work, by the place of its step; empty: the only one. Fails with ERROR_CODE_NOT_FOUND,
  /// ERROR_CODE_INVALID_INPUT (several).
  result<team_place> find_team(const std::string& step) const;

  /// Its workspace as it is now. From now on `step` yields workspace_changed commands for it. They have no effect on
  /// the run.
  result<workspace_shown> show_workspace(const std::string& step);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe
