#pragma once

#include "tests/sim/scheduler.hpp"
#include "tests/sim/tally.hpp"
#include "tests/sim/team_watch.hpp"

#include "runtime/run/machine.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"
#include "troupe/v1/task.pb.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace troupe::sim {

/// Watches the world from outside and knows what must never happen. It sees what the store takes, what leaves a run
/// coordinator, what agents begin to do and answer, and what clients are told; it keeps a shadow of each run that is
/// fed from the store alone.
class oracle {
public:
  oracle(const scheduler& time, tally& seen) : time_{time}, seen_{seen} {}

  /// The first broken promise; empty while there is none.
  const std::string& verdict() const {
    return verdict_;
  }

  void accuse(std::string what) {
    if (verdict_.empty())
      verdict_ = std::move(what);
  }

  /// Somebody cannot know for so long what has happened.
  void excuse(usec ignorance) {
    excused_ += ignorance;
  }

  /// In between something is wrong.
  void expect_trouble(usec from, usec to) {
    troubles_.emplace_back(from, to);
  }
  /// From then on, not before `since`, nothing can be late because of what was wrong until now.
  usec quiet_since(usec since) const;

  // -- the store
  void created(const v1::CreateRun& x);
  void claimed(const v1::RunSummary& x);
  /// `entry` as its sender meant it.
  void appended(const v1::AppendEvents& entry);

  // -- run coordinators
  void task_leaves(const v1::Task& task);
  /// Before the event that it follows from is durable.
  void task_leaves_ahead(const v1::Task& task);
  /// A live machine of whose events all are durable, under this epoch.
  void quiet(const std::string& run, uint64_t epoch, const run_machine& live);

  // -- workers
  void task_begins(const process& worker, const v1::Task& task);
  void task_answered(const v1::TaskResult& result);

  // -- members of teams: an operation that leaves its node with the token that it carries and (of a put) the version
  // that the member knows, and what the member is told about it
  void op_sent(const v1::TaskOp& op, const std::string& token, uint64_t seen);
  void op_heard(const v1::TaskOp& op, const std::string& token, const v1::OpAnswer& answer);

  // -- clients
  void acknowledged(const std::string& run);
  void cancel_acknowledged(const std::string& run);
  void told_finished(const v1::RunSummary& summary);
  void told_output(const std::string& run, const std::string& output);
  /// Questions of teams that are new since the last call.
  std::vector<posted_question> new_questions();
  void decision_acknowledged(const posted_question& question);

  // -- in the end
  /// What the store has of a run when nothing happens any more. `peaceful`: nothing went wrong in this world.
  void check_stored(const v1::RunDetails& stored, bool peaceful);
  std::vector<std::string> runs() const;

  /// The stored epoch and the number of stored events.
  std::pair<uint64_t, uint64_t> head(const std::string& run) const;
  /// Runs that have not ended, for people; empty when there are none.
  std::string unfinished() const;

private:
  using attempt_key = std::tuple<std::string, uint32_t, uint32_t>;

  struct run_record {
    run_record(const workflow_ptr& what, std::unique_ptr<team_watch> watch)
        : definition{what}, shadow{what, watch != nullptr}, teams{std::move(watch)} {}

    workflow_ptr definition;
    run_machine shadow;
    /// Null where there is no team.
    std::unique_ptr<team_watch> teams;
    uint64_t epoch = 1;
    uint64_t seq = 0;
    bool cancelled = false;
    v1::RunState state = v1::RUN_STATE_RUNNING;
    /// Tasks with a success in the journal, and since when.
    std::map<uint32_t, usec> done;
    /// (task, attempt) that have ended in the journal, one way or another.
    std::set<std::pair<uint32_t, uint32_t>> ended;
    /// (task, attempt, epoch) of every start that follows from the stored events.
    std::set<std::tuple<uint32_t, uint32_t, uint64_t>> implied;
    /// The same of those that have left ahead of the journal, until the run is quiet.
    std::set<std::tuple<uint32_t, uint32_t, uint64_t>> ahead;
    /// The epoch of every (task, attempt) that has left.
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> left;
  };

  void feed(const std::string& id, run_record& run, const v1::RunEvent& event);
  /// Nobody has left under this number before.
  void check_number(run_record& run, const v1::Task& task);
  void check_completion(const std::string& id, run_record& run, const v1::TaskResult& result);

  const scheduler& time_;
  tally& seen_;
  usec excused_ = 0;
  std::vector<std::pair<usec, usec>> troubles_;
  std::string verdict_;
  std::map<std::string, run_record> runs_;
  /// The attempts that an agent has begun, and the epoch and output of those that succeeded.
  std::set<attempt_key> begun_;
  std::map<attempt_key, std::pair<uint64_t, std::string>> successes_;
};

/// Compiles a stored definition; remembers it over all worlds, because most have the same few.
workflow_ptr definition_of(const std::string& document);

} // namespace troupe::sim
