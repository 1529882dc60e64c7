#pragma once

#include "actors/journal/journal_backlog.hpp"
#include "actors/run/agent_specs.hpp"
#include "actors/run/journal_waits.hpp"
#include "actors/run/run_probe.hpp"
#include "actors/run/workspace.hpp"
#include "messages/aggregator.hpp"
#include "messages/coordinator.hpp"
#include "messages/dispatcher.hpp"
#include "messages/journal.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/tick_alarm.hpp"
#include "runtime/run/run_beginning.hpp"
#include "runtime/run/run_clock.hpp"
#include "runtime/run/session.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a run coordinator starts from.
struct run_start {
  workflow_ptr definition;
  agent_specs_ptr specs;
  /// Owner and epoch are this life's.
  v1::RunSummary summary;
  /// All that the journal holds of the run; of a new one, its first event.
  std::vector<v1::RunEvent> events;
  /// Another coordinator (or another life of this one) began it.
  bool resumed = false;
};

struct run_coordinator_config {
  /// For one append. After it, the append is repeated, as after a store error.
  milliseconds append_timeout{30'000};
  milliseconds append_retry{1'000};
  size_t most_watchers = 64;
  run_beginning::limits beginning;
  workspace_config workspace;
};

/// The neighbours of a run coordinator.
struct run_neighbours {
  journal_actor journal;
  dispatcher_actor dispatcher;
  aggregator_actor aggregator;
  std::shared_ptr<const clock> time;
  std::shared_ptr<journal_waits> waits = std::make_shared<journal_waits>();
  /// Set where the journal keeps nothing beyond the process: there is nothing to wait for, so an event counts as
  /// durable as soon as it is in there.
  std::shared_ptr<journal_backlog> backlog = {};
};

struct run_coordinator_state {
  static inline constexpr const char* name = "run-coordinator";

  using pointer = run_coordinator_actor::stateful_pointer<run_coordinator_state>;

  ~run_coordinator_state();

  void start(pointer self, run_start from, run_coordinator_config config, run_neighbours neighbours, run_probe probe);

  void results(v1::ResultBatch& batch);
  void lost(const v1::TaskLost& loss);
  void progress(const v1::ProgressBatch& batch);
  void operations(v1::OpBatch& batch);
  /// Answers when the journal has it. Fails with ec::not_found when no team waits for this.
  caf::result<v1::Ack> answer_question(const v1::AnswerQuestion& request);
  /// Answers when the journal has it: an acknowledged cancellation outlives this process.
  caf::result<v1::Ack> cancel(const std::string& reason);
  caf::result<v1::RunSummary> watch(const v1::WatchRun& request, const run_watcher_actor& watcher);
  caf::result<v1::WorkspaceView> read_workspace(const v1::ReadWorkspace& request);
  caf::result<v1::Ack> watch_workspace(const v1::WatchWorkspace& request, const workspace_watcher_actor& watcher);
  void forget(const caf::actor_addr& gone);
  void tick(const run_timer_tick& x);
  /// Events up to this one are durable.
  void appended(uint64_t last_seq);
  void append_failed(const error& why);
  void retry_store();

private:
  struct shown_team {
    uint64_t team = 0;
    workspace_actor workspace;
  };

  // run_coordinator_workspaces.cpp
  /// The workspace that `step` means; made where there is none yet.
  result<workspace_actor> find_workspace(const std::string& step);
  workspace_actor* workspace_of(uint64_t team);
  void show(const workspace_shown& x);
  void tell(workspace_changed& x);
  void close(const workspace_ended& x);

  void offer(v1::RunEvent event);
  /// Sends the next append, arms the timer, ends when all is done.
  void pump();
  /// Whether there may be more to append at once.
  bool append();
  /// Answers those whose events are durable.
  void acknowledge();
  /// An answer to the request at hand, once the last event is durable.
  caf::result<v1::Ack> acknowledged();
  void execute(std::vector<command> commands);
  void start_aggregation_of(const aggregation_request_ptr& request);
  void publish(v1::RunUpdate update);
  /// Tells watchers what they have missed.
  void tell_beginning();
  void finish(const finish_run& how);
  void arm_timer();
  int64_t now() const;

  run_coordinator_actor::pointer self_ = nullptr;
  run_coordinator_config config_;
  run_neighbours neighbours_;
  std::optional<run_clock> time_;
  std::optional<run_probe> probe_;
  std::optional<run_session> session_;
  workflow_ptr definition_;
  agent_specs_ptr specs_;
  std::string traceparent_;
  std::vector<run_watcher_actor> watchers_;
  /// Those who want nothing but the end.
  std::vector<run_watcher_actor> waiters_;
  /// Of teams at work that somebody has asked for, by step.
  std::map<std::string, shown_team> workspaces_;
  uint64_t update_seq_ = 0;
  std::optional<run_beginning> beginning_;
  /// The append that is under way, for `beginning_`.
  append_events_ptr on_its_way_;
  /// Watchers who are told the beginning as soon as the event is durable that was the last when they came.
  std::vector<std::pair<uint64_t, run_watcher_actor>> joining_;
  tick_alarm alarm_;
  bool waits_for_store_ = false;
  /// It did so, and no append has succeeded since.
  bool waited_ = false;
  std::optional<v1::RunUpdate> last_word_;
  /// By the event that has to be durable first.
  std::multimap<uint64_t, caf::typed_response_promise<v1::Ack>> to_acknowledge_;
};

/// Drives one run to its end; then quits normally. Whoever spawned it ends it (coordinator_state).
/// Quits with ec::fenced when another coordinator has taken the run.
run_coordinator_actor::behavior_type run_coordinator(run_coordinator_state::pointer self, run_start from,
                                                     run_coordinator_config config, run_neighbours neighbours,
                                                     run_probe probe);

} // namespace troupe
