#pragma once

#include "actors/run/run_coordinator.hpp"
#include "messages/coordinator.hpp"
#include "messages/registry.hpp"
#include "runtime/core/random.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <caf/typed_response_promise.hpp>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe {

struct coordinator_config {
  /// Identity of this process, as the journal knows owners: its boot id.
  std::string owner;
  /// Runs under way at once; more are refused with ec::resource_exhausted.
  size_t most_runs = 10'000;
  milliseconds journal_timeout{30'000};
  milliseconds registry_timeout{5'000};
  /// Runs that could not be taken up because of the store are tried again after this long.
  milliseconds resume_retry{1'000};
  /// A run coordinator that crashes this often is left alone until `troupe resume`.
  uint32_t most_restarts = 5;
  /// Who watches a run that has ended hears all of it where that is not more, or else only how it ended.
  size_t past_updates = 1'000;
  run_coordinator_config run;
  /// Compiled definitions that are kept for the next run of the same workflow.
  size_t definitions_kept = 256;
  uint64_t seed = 0;
};

struct coordinator_state {
  static inline constexpr const char* name = "coordinator";

  using pointer = coordinator_actor::stateful_pointer<coordinator_state>;

  /// Its runs end with it; its next life takes them up again. (If they watched it instead, each would leave something
  /// of itself behind in it.)
  ~coordinator_state();

  void start(pointer self, coordinator_config config, run_neighbours neighbours, registry_actor registry,
             run_probe probe);

  caf::result<v1::RunAccepted> submit(const v1::SubmitRun& request);
  caf::result<v1::RunList> resume(const v1::ResumeRuns& request);
  caf::result<v1::RunSummary> watch(const v1::WatchRun& request, const run_watcher_actor& watcher);
  caf::result<v1::Ack> cancel(const v1::CancelRun& request);
  caf::result<v1::Ack> answer_question(const v1::AnswerQuestion& request);
  caf::result<v1::WorkspaceView> read_workspace(const v1::ReadWorkspace& request);
  caf::result<v1::Ack> watch_workspace(const v1::WatchWorkspace& request, const workspace_watcher_actor& watcher);
  caf::result<v1::TaskResult> invoke(const v1::InvokeAgent& request);
  void ended(const caf::down_msg& down);

private:
  struct active_run {
    run_coordinator_actor handle;
    uint32_t restarts = 0;
  };

  /// Somebody who asked for a run that is being taken over.
  struct early_watcher {
    v1::WatchRun request;
    run_watcher_actor watcher;
    caf::typed_response_promise<v1::RunSummary> promise;
  };

  using watch_promise = caf::typed_response_promise<v1::RunSummary>;

  /// The watcher of a run that is under way here …
  void watch_at(const run_coordinator_actor& run, const v1::WatchRun& request, const run_watcher_actor& watcher,
                watch_promise promise);
  /// … and of one that is not, or has just ended.
  void watch_stored(const v1::WatchRun& request, const run_watcher_actor& watcher, watch_promise promise);

  /// Asks the run's coordinator where it is here, and the journal where that knows of no such team.
  template <class Answer, class... Ts>
  caf::result<Answer> ask_workspace(const std::string& run, const Ts&... request);

  void takeover_ended();
  /// The store fails for now: the run is taken up later, and the outage is known.
  void wait_for_journal(const std::string& run, const error& why);
  /// Takes up what could not be taken up now.
  void resume_later();
  struct compiled {
    workflow_ptr definition;
    agent_specs_ptr specs;
  };

  result<compiled> compile(const std::string& definition);
  void launch(run_start from, uint32_t restarts);
  /// Claims a run, loads it and goes on with it, unless that is so or under way; `ended` hears how it went.
  void adopt(const v1::RunSummary& stored, uint32_t restarts, std::function<void(const error*)> ended);
  /// It is worked on here, or being taken over.
  bool is_here(const std::string& run) const;

  coordinator_actor::pointer self_ = nullptr;
  coordinator_config config_;
  run_neighbours neighbours_;
  registry_actor registry_;
  std::optional<run_probe> probe_;
  random_source random_{0};
  std::map<std::string, active_run> runs_;
  std::set<std::string> adopting_;
  std::map<caf::actor_addr, std::string> names_;
  std::map<std::string, compiled> definitions_;
  std::deque<std::string> definitions_by_age_;
  uint64_t calls_ = 0;
  /// Takeovers under way; while there are any, a run that is not here may still come.
  size_t takeovers_ = 0;
  bool resume_is_due_ = false;
  std::map<std::string, std::vector<early_watcher>> early_watchers_;
};

/// Lives as long as its node; continues unfinished runs when told to (ResumeRuns).
coordinator_actor::behavior_type coordinator(coordinator_state::pointer self, coordinator_config config,
                                             run_neighbours neighbours, registry_actor registry, run_probe probe);

} // namespace troupe
