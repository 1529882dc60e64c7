#pragma once

#include "runtime/run/frame.hpp"
#include "runtime/team/inbox.hpp"
#include "runtime/team/wait_graph.hpp"
#include "runtime/team/workspace.hpp"
#include "runtime/workflow/team_step.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// Members who take turns on a shared workspace, ask each other, and send work back.
///
///   begin ─► next ─► turn ─► closing (operations and artifact of the output) ─► after the turn ─┐
///             ▲                                                                                 │
///             └──────────── the order of turns, the next iteration ◄────────────────────────────┤
///                                                     done, or at the bound ◄───────────────────┘
///
/// A member does one thing at a time: its turn, or an answer. Questions to a busy one wait in its inbox. Everything
/// here follows from events of the journal, so a team is replayed like any other step.
class team_body final : public step_body {
public:
  explicit team_body(const team_step& definition);
  ~team_body() override;

  void begin(engine& run, frame& self) override;
  void child_ended(engine& run, frame& self, uint32_t slot, outcome how) override;
  void timer_fired(engine& run, frame& self, uint32_t which) override;
  void operation(engine& run, frame& self, uint32_t slot, const v1::TaskOp& op) override;
  void tried_in_vain(uint32_t slot, uint32_t place) override;
  std::optional<error> too_much(const v1::TaskOp& op) const override;
  bool awaits(const v1::QuestionAnswered& answer) const override;
  void question_answered(engine& run, frame& self, const v1::QuestionAnswered& answer) override;
  void stop(engine& run, frame& self, const std::string& reason) override;
  uint64_t digest() const override;

private:
  static constexpr uint32_t nobody = UINT32_MAX;

  /// The machine and the frame that an event is about; what every method needs.
  struct context {
    engine& run;
    frame& self;
  };

  enum class child_kind : uint8_t { turn, answer, selector, resolver };

  /// Where an operation came from, and so where its answer goes.
  struct op_source {
    uint32_t slot = 0;
    /// `nobody`: it stood in the output of a turn.
    uint32_t task = nobody;
    uint32_t number = 0;
  };

  /// What became of an operation; `pending` until somebody else has spoken.
  struct op_result {
    bool pending = false;
    std::optional<error> why;
    json value;
  };

  /// Versions of artifacts.
  using version_map = std::map<std::string, uint64_t>;

  struct op_record {
    /// False: it was refused on its way here, so that a later one came first.
    bool has_come = false;
    uint64_t fingerprint = 0;
    uint32_t attempt = 0;
    bool pending = false;
    /// Reads are done anew: what they said once helps nobody.
    bool is_read = false;
    v1::OpAnswer answer;
    /// What whoever hears the answer has seen.
    version_map shows;
  };

  /// The operations of one task over its attempts.
  struct op_log {
    uint32_t slot = 0;
    /// The attempt that spoke last, and the versions that it has seen. What an earlier one has seen it knows nothing
    /// of.
    uint32_t attempt = 0;
    version_map seen;
    /// What it wrote itself, in any attempt.
    std::set<std::pair<std::string, uint64_t>> own;
    std::vector<op_record> records;
    /// The frames from the task's own up to that of the turn.
    std::vector<uint32_t> places;
    /// Somebody else does the work anew, and has not seen what this one has.
    bool in_vain = false;
  };

  struct child_record {
    child_kind kind = child_kind::turn;
    uint32_t member = nobody;
    frame* at = nullptr;
    uint32_t turn = 0;
    /// The question that an answer is for; the contest that a resolver settles.
    std::string subject;
    /// Versions that the member was told when it began; once it has ended, those that it has seen, and what it wrote.
    version_map seen;
    std::set<std::pair<std::string, uint64_t>> own;
    uint32_t handed_to = nobody;
    uint32_t operations = 0;
    /// Once it has ended: what is left to do.
    bool closing = false;
    std::deque<v1::TaskOp> to_close;
    /// What the result becomes then; empty = nothing.
    std::string artifact;
    lazy_json result;
    outcome how;
    /// Something of its output was refused.
    bool refused = false;
  };

  struct request {
    team_message message;
    uint32_t asker = nobody;
    uint32_t target = nobody;
    /// Somebody waits; else the answer goes to the asker's inbox.
    std::optional<op_source> waiter;
    uint64_t timer = 0;
    uint32_t timer_key = 0;
    /// Slot of the answer; 0 while it waits in the inbox.
    uint32_t answer_slot = 0;
  };

  /// A write that an agent or a person is to settle.
  struct contest {
    artifact_write write;
    uint32_t member = nobody;
    op_source from;
    /// What stood when whoever settles it was asked.
    uint64_t current = 0;
    /// How often it was asked before.
    uint32_t rounds = 0;
    std::string question;
    uint64_t timer = 0;
    uint32_t timer_key = 0;
  };

  struct member_state {
    inbox box;
    /// Slot of what it does; 0 = nothing.
    uint32_t busy = 0;
    /// It is its turn as soon as it is free.
    bool turn_waits = false;
    /// What it is to hear of at its next turn.
    json refused = json::array();
    /// What it is told at every turn.
    std::shared_ptr<const std::string> told;
  };

  // team_body.cpp
  std::optional<error> set_up(context c);
  /// The workspace that a document or the run's input gives: its content, its phase and its iteration.
  std::optional<error> begin_from(context c, const json& given);
  std::optional<error> begin_with(context c, const json& given, const std::string& place);
  void finish(context c, const std::string& reason, bool completed);
  void at_bound(context c, const std::string& why);
  void fail(context c, error why);
  void stop_timers(context c);
  void close_workspace(context c, const std::string& reason, bool completed, const std::string& why);
  std::string list_roles() const;

  // team_order.cpp
  void next(context c);
  void next_selected(context c);
  void selected(context c, const json& answer);
  void take_named_turn(context c, uint32_t member);
  void after_turn(context c, uint32_t member, uint32_t handed_to, const std::string& verdict);
  void send_back(context c, uint32_t reviewer, const json& result);
  void iteration_over(context c);
  void next_iteration(context c, uint32_t phase);
  std::optional<bool> holds(context c);
  uint32_t turns_per_iteration() const;

  // team_turn.cpp
  void take_turn(context c, uint32_t member);
  void start_turn(context c, uint32_t member);
  void turn_ended(context c, uint32_t slot, const outcome& how);
  void take_operations(context c, uint32_t slot);
  void close(context c, uint32_t slot);
  std::string read_verdict(context c, uint32_t slot);
  /// Its output is a valid verdict, and the member one whose verdict counts.
  bool gives_verdict(const child_record& child) const;
  void turn_over(context c, uint32_t slot);

  // team_operations.cpp
  op_result perform(context c, const op_source& from, const v1::TaskOp& op);
  op_result handoff(context c, const op_source& from, const v1::HandOff& op);
  op_result notify(context c, const op_source& from, const v1::NotifyTeammate& op);
  op_result get(const op_source& from, const v1::GetArtifact& op);
  op_result decide(context c, const op_source& from, const v1::Decide& op);
  void op_done(context c, const op_source& from, op_result result, const char* name);

  // team_seen.cpp
  void drop_ops_from(context c, op_log& log, size_t first);
  void saw(const op_source& from, const std::string& artifact, uint64_t version);
  /// What this operation has shown its attempt already.
  std::optional<uint64_t> shown_before(const op_source& from, const std::string& artifact) const;
  void wrote(const op_source& from, const std::string& artifact, uint64_t version);
  void gather_seen(context c, uint32_t slot);
  void forget_ops(uint32_t slot);

  // team_requests.cpp
  op_result ask(context c, const op_source& from, const v1::AskTeammate& op);
  op_result answer_from_inbox(context c, const op_source& from, const v1::AnswerTeammate& op);
  std::optional<error> send(context c, team_message& message, uint32_t to);
  /// The two halves of that: it gets its id and its time; it is logged, and comes to the inbox.
  void stamp(context c, team_message& message);
  std::optional<error> deliver(context c, const team_message& message, uint32_t to);
  /// An answer comes to the inbox even where the log has no room; then without what it says.
  void deliver_anyway(context c, team_message answer, uint32_t to);
  std::optional<error> open_request(context c, team_message message, uint32_t asker, uint32_t to,
                                    std::optional<op_source> waiter);
  void serve(context c, uint32_t member);
  void answer_ended(context c, uint32_t slot, const outcome& how);
  /// Takes it from those that wait; nothing when it is answered or withdrawn already.
  std::optional<request> close_request(context c, const std::string& id);
  void respond(context c, const std::string& id, const json* content, const error* why,
               std::vector<std::string> artifacts = {});
  void withdraw(context c, const std::string& id, const std::string& reason);
  void detach_waiters(uint32_t slot);
  void detach_those_gone(context c);
  void free_member(context c, uint32_t member);
  uint32_t find_role(const std::string& role) const;
  std::optional<error> may_address(uint32_t from, const std::string& to, uint32_t& member) const;

  // team_writes.cpp
  op_result put(context c, const op_source& from, const v1::PutArtifact& op);
  op_result put(context c, const op_source& from, artifact_write write);
  op_result contested(context c, const op_source& from, uint32_t member, artifact_write write, uint32_t rounds);
  void resolver_ended(context c, uint32_t slot, const outcome& how);
  void settle(context c, const std::string& id, const json* value, const char* how, const std::string& refusal);
  uint64_t version_before(const op_source& from, const std::string& artifact) const;
  json told_of(const artifact_written& x, const std::string& artifact, const lazy_json& wanted) const;
  void written(context c, uint32_t member, const artifact_written& x, const artifact_write& write);

  // team_context.cpp
  std::shared_ptr<const turn_context> context_for(uint32_t member, const team_message* question,
                                                  std::vector<team_message> notices);
  json teammates_of(uint32_t member) const;
  json default_output(const std::string& reason, bool completed) const;
  std::string artifact_of(uint32_t member) const;
  std::string phase_name() const;
  v1::TeamEvent event_of(context c, const std::string& role) const;
  void publish(context c, v1::TeamEvent event) const;
  void publish_message(context c, const team_message& message) const;

  const std::string& role(uint32_t member) const {
    return definition_.members[member].role;
  }

  uint32_t add_child(child_record record) {
    children_.emplace(++last_slot_, std::move(record));
    return last_slot_;
  }

  const team_step& definition_;
  std::shared_ptr<workspace> ws_;
  /// Number of this team in its run.
  uint64_t number_ = 0;
  std::vector<member_state> members_;
  std::map<uint32_t, child_record> children_;
  uint32_t last_slot_ = 0;
  /// By task.
  std::map<uint32_t, op_log> ops_;
  std::map<std::string, request> requests_;
  wait_graph waits_;
  std::map<std::string, contest> contests_;
  uint32_t last_message_ = 0;
  uint32_t last_contest_ = 0;
  uint32_t last_timer_key_ = 0;
  /// What a body timer is for: a request or a contest.
  std::map<uint32_t, std::string> timer_subjects_;

  uint32_t iteration_ = 1;
  uint32_t phase_ = 0;
  /// Who is next within the phase or the round.
  uint32_t position_ = 0;
  uint32_t turns_ = 0;
  uint32_t turns_in_iteration_ = 0;
  /// Turns under way, or waiting for a busy member.
  uint32_t running_turns_ = 0;
  uint32_t last_member_ = nobody;
  /// Under `handoff`: who had the turn before, and who is next.
  uint32_t handed_by_ = nobody;
  uint32_t next_member_ = 0;
  /// The artifact that was written last, verdicts aside.
  std::string last_made_;
  /// Who should have judged in this iteration and has not: it is not approved.
  std::set<uint32_t> no_verdict_of_;
  json feedback_;
  lazy_json last_result_;
  std::optional<double> quality_;
  bool partial_ = false;
  bool over_ = false;
};

} // namespace troupe
