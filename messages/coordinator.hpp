#pragma once

#include "messages/dispatcher.hpp"
#include "messages/type_ids.hpp"
#include "messages/workspace.hpp"

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

namespace troupe {

/// Somebody who follows a run: a progress bar, a client's link.
using run_watcher_actor = caf::typed_actor<
    // In order; the last one is `run_finished`.
    caf::reacts_to<v1::RunUpdate>>;

/// A run coordinator's notes to itself: a timer of the run may be due; the store may be back.
struct run_timer_tick {
  /// See tick_alarm.
  uint64_t number = 0;
};
struct store_retry_tick {};

/// A RUN COORDINATOR: drives one run. It feeds the run machine, journals each event before its consequences leave, and
/// keeps the run's clock.
using run_coordinator_actor = task_owner_actor::extend<
    // Asks the run to end as cancelled. Never fails.
    caf::replies_to<v1::CancelRun>::with<v1::Ack>,
    // A person settles what a team waits for. Answered when the journal has it. Fails with ec::not_found when none
    // does.
    caf::replies_to<v1::AnswerQuestion>::with<v1::Ack>,
    // Sends the current state of every step, then every change; or only the end. Never fails.
    caf::replies_to<v1::WatchRun, run_watcher_actor>::with<v1::RunSummary>,
    // To the workspace of a team that is at work. Fail with ec::not_found when none is there, ec::invalid_input when
    // several are meant, and like the workspace.
    caf::replies_to<v1::ReadWorkspace>::with<v1::WorkspaceView>,
    caf::replies_to<v1::WatchWorkspace, workspace_watcher_actor>::with<v1::Ack>,
    // From the journal.
    caf::reacts_to<run_timer_tick>, caf::reacts_to<store_retry_tick>>;

/// The COORDINATOR of a node: takes in runs, starts a run coordinator for each, continues what a dead one left.
using coordinator_actor = caf::typed_actor<
    // Answers once the run is durable. Fails with ec::invalid_input (definition or input, with the place),
    // ec::resource_exhausted, ec::store.
    caf::replies_to<v1::SubmitRun>::with<v1::RunAccepted>, caf::replies_to<v1::GetRun>::with<v1::RunDetails>,
    caf::replies_to<v1::ListRuns>::with<v1::RunList>,
    // Fails with ec::not_found; cancelling a run that has ended does nothing.
    caf::replies_to<v1::CancelRun>::with<v1::Ack>,
    // A person settles what a team waits for. Fails with ec::not_found.
    caf::replies_to<v1::AnswerQuestion>::with<v1::Ack>,
    // Answers the runs that go on now.
    caf::replies_to<v1::ResumeRuns>::with<v1::RunList>,
    // Updates go to the watcher; a run that has ended yields its `run_finished` at once. Fails with ec::not_found.
    caf::replies_to<v1::WatchRun, run_watcher_actor>::with<v1::RunSummary>,
    // The workspace of a team, at work or not. Fail with ec::not_found (retryable: the team has not begun yet),
    // ec::unavailable (nobody here works on the run that is to be watched), ec::invalid_input (several teams are
    // meant), and like the workspace.
    caf::replies_to<v1::ReadWorkspace>::with<v1::WorkspaceView>,
    caf::replies_to<v1::WatchWorkspace, workspace_watcher_actor>::with<v1::Ack>,
    // One task for one agent outside of any workflow. Fails with ec::not_found, ec::unavailable, ec::timed_out.
    caf::replies_to<v1::InvokeAgent>::with<v1::TaskResult>>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::run_timer_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::store_retry_tick)
