#pragma once

#include "runtime/aggregation/aggregate.hpp"
#include "runtime/core/task_batch.hpp"
#include "runtime/team/workspace.hpp"
#include "troupe/v1/run.pb.h"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace troupe {

/// Sends `task` to an agent. Answered by TaskFinished or TaskLost with the same (task, attempt).
struct start_task {
  task_ptr task;
};

/// The result, should one still come, will be ignored.
struct cancel_task {
  uint32_t task = 0;
  uint32_t attempt = 0;
  std::string reason;
};

/// What became of an operation of a team's member: to the agent that works on (task, attempt). Lost if that is gone.
struct answer_op {
  v1::OpAnswer answer;
};

/// Computes an aggregate. Answered like a task.
struct start_aggregation {
  aggregation_request_ptr request;
};

/// Fires TimerFired{timer} at `due_ms` (the clock of RunEvent::at_ms) or later.
struct start_timer {
  uint64_t timer = 0;
  int64_t due_ms = 0;
};

struct cancel_timer {
  uint64_t timer = 0;
};

/// Something to tell whoever watches. No effect on the run.
struct publish_update {
  v1::RunUpdate update;
};

/// A team of a run.
struct team_place {
  /// Its number among those of this run that ever began; a step that is tried again has a new one.
  uint64_t team = 0;
  /// Place of its step.
  std::string step;
};

/// A team's workspace, as it is after the event that this follows from: for whoever asked to see it.
struct workspace_shown {
  uint64_t team = 0;
  std::string step;
  /// A copy.
  std::shared_ptr<const workspace> now;
};

/// What has changed since in a workspace that was shown.
struct workspace_changed {
  uint64_t team = 0;
  /// Of the event that it follows from.
  int64_t at_ms = 0;
  std::vector<workspace_change> changes;
};

/// A team is over, one way or another. Comes for all of them, seen or not.
struct workspace_ended {
  uint64_t team = 0;
  std::string step;
  /// Nothing changes it any more. One thread at a time: the run machine has it, too.
  std::shared_ptr<const workspace> last;
};

struct task_counts {
  /// Agent tasks, however often each was sent.
  uint32_t tasks = 0;
  /// Sent again, for whatever reason.
  uint32_t retries = 0;
  /// Failed for good.
  uint32_t failed = 0;
};

/// The last command of a run.
struct finish_run {
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  /// JSON; empty when there is none.
  std::string output;
  v1::Error error;
  task_counts counts;
};

using command = std::variant<start_task, cancel_task, answer_op, start_aggregation, start_timer, cancel_timer,
                             publish_update, workspace_shown, workspace_changed, workspace_ended, finish_run>;

} // namespace troupe
