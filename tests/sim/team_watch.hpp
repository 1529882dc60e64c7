#pragma once

#include "tests/sim/scheduler.hpp"
#include "tests/sim/tally.hpp"
#include "tests/sim/team_inboxes.hpp"
#include "tests/sim/team_order.hpp"
#include "tests/sim/team_rules.hpp"

#include "runtime/run/command.hpp"
#include "troupe/v1/journal.pb.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace troupe::sim {

class oracle;

/// An open question that a person is to settle.
struct posted_question {
  std::string run;
  std::string step;
  std::string question;
};

/// The oracle's eye on the teams of one run. It follows the stored events with what they imply, and hears what agents
/// send and are told; from both it keeps books of its own about turns, operations, questions and artifacts.
class team_watch {
public:
  team_watch(oracle& judge, const scheduler& time, tally& seen, std::string run, workflow_ptr definition)
      : judge_{judge}, time_{time}, seen_{seen}, run_{std::move(run)},
        definition_{std::move(definition)}, rules_{teams_of(*definition_)} {}

  /// Whether a definition has a team at all.
  static bool concerns(const workflow& definition) {
    return !teams_of(definition).empty();
  }

  // -- the store
  void follow(const v1::RunEvent& event, const std::vector<command>& implied);
  /// Somebody is on turn or answers a question.
  bool busy() const;

  // -- agents
  /// An attempt begins with what it was told.
  void begun(const v1::Task& task);
  void attempt_ended(const v1::TaskResult& result);
  void sent(const v1::TaskOp& op, const std::string& token, uint64_t seen);
  void heard(const v1::TaskOp& op, const std::string& token, const v1::OpAnswer& answer);

  // -- people
  std::vector<posted_question> take_posted() {
    return std::exchange(posted_, {});
  }
  bool has_decision(const std::string& step, const std::string& question) const {
    return decisions_.count({step, question}) > 0;
  }

private:
  /// When nothing is wrong, nothing takes longer than this, and no refusal longer than that to come to its agent.
  static constexpr usec longest_way = 5 * second;
  static constexpr usec longest_refusal = 1'500 * msec;

  struct version_record {
    std::string author;
    /// How a conflict was settled; empty when there was none.
    std::string conflict;
    /// Null while nobody has said what it is.
    json value = {};
    /// Who wrote it by an operation.
    uint32_t task = UINT32_MAX;
  };

  struct message_record {
    std::string from;
    std::string to;
    v1::AgentMessage::Type type = v1::AgentMessage::TYPE_UNSPECIFIED;
    std::string token;
  };

  struct turn_record {
    std::string role;
    std::string handed_to = {};
    /// Its first task; UINT32_MAX while there is none.
    uint32_t task = UINT32_MAX;
    bool over = false;
    /// By our own books.
    uint32_t iteration = 0;
    std::string phase = {};
    /// The verdict in the output of its task.
    std::string verdict = {};
    /// As they were when it began.
    std::map<std::string, size_t> versions = {};
    team_inboxes::notices notices = {};
    std::set<std::string> questions = {};
  };

  struct team_record {
    std::string path;
    std::string created = {};
    const team_rules* rules = nullptr;
    std::map<uint32_t, turn_record> turns = {};
    std::map<std::string, message_record> messages = {};
    team_inboxes boxes = {};
    /// Null until the document's part of it is found, by the first task.
    std::optional<team_order> order = {};
    std::vector<uint32_t> unjudged = {};
    std::map<std::string, std::vector<version_record>> history = {};
    /// What tokens have brought about.
    std::map<std::string, std::string> effects = {};
    /// By question: who serves it, and what may be its answer.
    std::map<std::string, uint32_t> served = {};
    std::map<std::string, std::vector<json>> answers = {};
    /// What members were told is written, by artifact and token: to whom, and to which attempt of which task.
    struct acknowledgement {
      std::string role;
      uint32_t task = 0;
      uint32_t attempt = 0;
    };
    std::map<std::string, std::map<std::string, acknowledgement>> acknowledged = {};
    std::map<std::string, std::string> decided = {};
    std::string chosen = {};
    std::string ended = {};
    /// However it ended.
    bool closed = false;
    size_t logged = 0;
    /// Of the workspace: what is logged, decisions and open questions.
    size_t entries = 0;

    /// Of what comes when there is no room for more, nobody but its addressee hears.
    bool full() const {
      return entries >= rules->team->limits.messages;
    }
    uint32_t last_turn() const {
      return turns.empty() ? 0 : turns.rbegin()->first;
    }
    team_step::conflict policy() const {
      return rules->team->on_conflict;
    }
  };

  /// One operation of a task in its present conversation.
  struct op_record {
    /// False where a number was left out.
    bool has_come = false;
    /// Who sent it last.
    uint32_t attempt = 0;
    std::string content;
    v1::TaskOp op;
    std::string token;
    bool reads = false;
    bool answered = false;
    std::string answer = {};
    /// The attempt that it was for.
    uint32_t answered_to = 0;
    int64_t asked_ms = 0;
    usec asked = 0;
  };

  struct task_record {
    std::shared_ptr<team_record> team;
    std::string role;
    bool answering = false;
    uint32_t turn = 0;
    std::string question = {};
    uint32_t attempt = 0;
    bool in_flight = false;
    /// Whoever fails may be tried again or not.
    bool shaky = false;
    /// There will be no further attempt.
    bool is_over = false;
    /// Hash of what it is told.
    size_t told = 0;
    std::vector<op_record> log = {};
  };

  /// Somebody waits for somebody.
  struct edge {
    std::string from;
    std::string to;
    uint32_t task = 0;
    uint32_t number = 0;
  };

  /// A question that an attempt has sent and not heard of yet.
  struct asking {
    std::shared_ptr<team_record> team;
    std::string from;
    std::string to;
    usec since = 0;
    usec timeout = 0;
  };

  /// An answer that somebody gave, until it is clear who hears of it.
  struct given_answer {
    std::shared_ptr<team_record> team;
    v1::AgentMessage message;
    /// What it answers, as far as that was clear at that moment.
    std::string question;
  };

  struct sent_record {
    std::string token;
    uint64_t seen = 0;
  };

  using op_key = std::tuple<uint32_t, uint32_t, uint32_t>;
  using ask_key = std::pair<uint32_t, uint32_t>;

  // team_watch.cpp: tasks, turns, messages, versions
  void begins(const v1::Task& task);
  void turn_begins(const task_record& record, uint32_t task);
  void answer_begins(const task_record& record, uint32_t task);
  void ended(const v1::TaskResult& result);
  void over(uint32_t task);
  void happened(const v1::TeamEvent& event);
  void turn_began(std::shared_ptr<team_record>& team, const v1::TeamEvent& event);
  void turn_ended(team_record& team, const v1::TeamEvent& event);
  void judge_order(team_record& team);
  void talked(const std::shared_ptr<team_record>& team, const v1::AgentMessage& message);
  void written(team_record& team, const std::string& role, const v1::ArtifactWritten& x);
  void team_ended(team_record& team, const v1::TeamEnded& x);
  void effect(team_record& team, const std::string& token, const std::string& what);

  // team_watch_operations.cpp: operations
  void took(const v1::TaskOp& op);
  void drop_from(task_record& task, uint32_t id, size_t first);
  void answered(const v1::OpAnswer& answer);
  void check_answer(task_record& task, op_record& op, const v1::OpAnswer& answer);
  void check_written(task_record& task, const op_record& op, const json& value);
  void check_refused(const task_record& task, const op_record& op, const v1::Error& why);
  void check_version(team_record& team, const std::string& role, const v1::TaskOp& op, uint64_t seen, uint64_t version);
  void count_refusal(const task_record& task, const v1::TaskOp& op, const v1::Error& why);

  // team_watch_questions.cpp: questions, their answers, and who waits for whom
  void asked(team_record& team, const v1::AgentMessage& message);
  std::string question_of(const team_record& team, const v1::AgentMessage& message) const;
  void settle_answers();
  void settle_answer(const given_answer& x);
  /// Its fallback has taken over.
  bool superseded(uint32_t task) const;
  bool surely_waits(const team_inboxes::question& x) const;
  void check_overdue();
  void check_question(task_record& task, op_record& op, const v1::OpAnswer& answer, const json& value);
  void check_question_refused(const task_record& task, const op_record& op, const v1::OpAnswer& answer,
                              int64_t timeout);
  bool circle(const team_record& team, const std::string& from, const std::string& to, bool surely) const;

  // team_watch_agents.cpp: what agents are told, and whom they wait for
  void check_told(const task_record& record, uint32_t task, const json& told);
  void check_turn_told(const task_record& record, const json& told);
  void check_inbox_told(team_record& team, const turn_record& turn, uint32_t number, const json& inbox);
  void check_waiting(const op_key& key, const asking& x) const;
  bool waits_in_circle(const asking& x) const;

  // team_watch_end.cpp
  void check_output(const json& output);
  void check_workspace(const team_record& team, const json& shown) const;
  void check_lost_answers(uint32_t task, uint32_t attempt);
  /// Whether it was this attempt whose output ended the turn.
  bool ended_its_turn(uint32_t task, uint32_t attempt) const;

  template <class... Args>
  void accuse(const Args&... args) const;

  oracle& judge_;
  const scheduler& time_;
  tally& seen_;
  std::string run_;
  workflow_ptr definition_;
  std::map<std::string, team_rules> rules_;
  std::map<std::string, std::shared_ptr<team_record>> teams_;
  std::map<uint32_t, task_record> tasks_;
  /// Tasks that choose who is next, by team.
  std::map<uint32_t, std::string> choosers_;
  std::map<std::string, std::vector<edge>> waits_;
  std::map<std::pair<uint32_t, std::string>, sent_record> sent_;
  /// How often each operation came, and every answer that follows from stored events.
  std::map<op_key, uint32_t> asked_;
  std::map<op_key, std::vector<std::string>> implied_;
  /// Answers that nobody has heard yet, and since when.
  std::map<op_key, usec> unheard_;
  /// Questions (task, number) that the journal has and that are not answered there.
  std::set<ask_key> open_asks_;
  std::map<op_key, asking> asking_;
  /// What tasks were told that have begun ahead of the journal.
  std::map<uint32_t, std::string> told_ahead_;
  std::map<std::pair<std::string, std::string>, json> decisions_;
  std::vector<posted_question> posted_;

  // Of the event that is being followed:
  int64_t now_ms_ = 0;
  const v1::TaskOp* op_ = nullptr;
  bool by_timer_ = false;
  bool repeated_ = false;
  /// It is a question that closes a circle.
  bool closes_circle_ = false;
  json resolved_;
  uint64_t events_ = 0;
  /// The task that has ended by it.
  const task_record* cause_ = nullptr;
  std::vector<given_answer> given_;
  /// Questions whose askers have heard of them.
  std::set<ask_key> heard_now_;
};

} // namespace troupe::sim
