#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/run.pb.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// Tokens and money.
struct usage_report {
  uint64_t tokens_in = 0;
  uint64_t tokens_out = 0;
  double usd = 0;

  usage_report& operator+=(const usage_report& other);
};

/// One attempt at one task. Times of day are ms since the run began, on the coordinator's clock.
struct attempt_report {
  std::string step;
  std::string agent;
  std::string node;
  uint32_t task = 0;
  uint32_t attempt = 0;
  /// success | failed | timed_out | cancelled | rejected | lost (its node went away) | superseded (its coordinator
  /// went away) | running
  std::string status;
  std::string error;
  int64_t start_ms = 0;
  /// Of a running one: the last event of the run.
  int64_t end_ms = 0;
  /// In the dispatcher's queue, on the node before the agent began, and the agent's own time. What is left of
  /// end - start is transport and journal.
  double wait_ms = 0;
  double queue_ms = 0;
  double run_ms = 0;
  /// Of run_ms, what it waited for the answers of teammates.
  double waited_ms = 0;
  /// Of run_ms, what the agent waited neither for a processor nor for teammates: what it would take on a machine of its
  /// own.
  double work_ms = 0;
  usage_report usage;
};

struct step_report {
  std::string step;
  /// agent | steps | parallel | choose | team
  std::string kind;
  /// succeeded | failed | skipped | cancelled | timed_out | running
  std::string outcome;
  std::string error;
  bool partial = false;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
};

/// All that one agent (or node) did.
struct share_report {
  std::string name;
  uint64_t tasks = 0;
  uint64_t attempts = 0;
  /// Attempts that did not succeed.
  uint64_t failures = 0;
  double work_ms = 0;
  usage_report usage;
};

/// All that one role of a team did, and what that cost, whatever agents did it.
struct role_report {
  std::string role;
  uint64_t turns = 0;
  /// Answers that it was called for …
  uint64_t answers = 0;
  /// … questions that it asked, and that it answered, on a call or from its inbox.
  uint64_t asked = 0;
  uint64_t answered = 0;
  /// Versions of artifacts.
  uint64_t writes = 0;
  /// Operations that were refused.
  uint64_t refused = 0;
  uint64_t attempts = 0;
  /// Its agents' own time, and what they waited for teammates.
  double work_ms = 0;
  double waited_ms = 0;
  usage_report usage;
};

struct team_report {
  std::string step;
  /// succeeded | failed | cancelled | timed_out | running
  std::string outcome;
  /// Why it was over (docs/teams.md); empty while it is at work, and where it failed.
  std::string ended;
  bool completed = false;
  uint32_t iterations = 0;
  /// As in the document; then a selector and a resolver, where there are any.
  std::vector<role_report> roles;
};

/// A stretch of the critical path.
struct critical_report {
  std::string step;
  std::string agent;
  uint32_t attempt = 0;
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  /// The agent's own time within it.
  double run_ms = 0;
};

/// What a run did, what it cost and what it saved.
struct run_report {
  std::string run_id;
  std::string workflow;
  /// running | succeeded | partial | failed | cancelled
  std::string state;
  std::string error;
  /// Unix ms.
  int64_t began_at_ms = 0;
  /// From submission to end; of a run that goes on: to its last event.
  int64_t total_ms = 0;

  /// The agents' own times added up: how long the same work takes one after the other.
  double parts_ms = 0;
  /// parts / total; 0 when the run took no time or did nothing.
  double speedup = 0;
  /// 100 * (parts - total) / parts; negative when waiting and overhead ate more than parallelism gained.
  double saved_percent = 0;

  /// The chain of attempts that the end of the run waited for, first to last: to make the run faster, make these
  /// faster.
  std::vector<critical_report> critical_path;
  int64_t critical_ms = 0;

  uint64_t tasks = 0;
  /// Attempts after one that failed, after one whose node was lost, after one whose coordinator was lost.
  uint64_t retries = 0;
  uint64_t lost = 0;
  uint64_t superseded = 0;
  usage_report usage;

  /// By start.
  std::vector<attempt_report> attempts;
  /// By start; without the root.
  std::vector<step_report> steps;
  /// By name.
  std::vector<share_report> agents;
  std::vector<share_report> nodes;
  /// By beginning.
  std::vector<team_report> teams;
  /// Steps and branches that ended as failed or timed out, in order; not those above them that failed because of them.
  std::vector<step_report> failures;
};

/// Reads the journal of a run again. Pure: the same details give the same report. Fails like replay_run.
result<run_report> make_report(const v1::RunDetails& details);

/// {run_id, workflow, state, total_ms, parts_ms, speedup, saved_percent, critical_path: […], tasks: {…}, usage: {…},
///  agents: […], nodes: […], teams: […], steps: […], timeline: […], failures: […]}
json to_json(const run_report& report);

/// For people: a summary and tables. The timeline shows at most `most_rows` attempts.
std::string to_text(const run_report& report, size_t most_rows = 40);

/// {runs: [to_json of each], comparison: {<figure>: [a number per run]}}
json compare_json(std::span<const run_report> reports);

/// Side by side: one column per run, one line per figure; where runs share a workflow, the factor against the first.
std::string compare_text(std::span<const run_report> reports);

} // namespace troupe
