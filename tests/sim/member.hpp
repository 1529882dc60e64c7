#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/random.hpp"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::sim {

/// An operation as a member is about to send it: number and content are set, but not whose it is.
struct member_op {
  v1::TaskOp op;
  /// Stands in its content and in no other operation's; empty for what only reads.
  std::string token;
  /// Of a put: the version of the artifact that the member knows.
  uint64_t seen = 0;
  /// The member does nothing more until it has heard the answer.
  bool waits = true;
};

/// What the agent of a team's member does in one attempt at its turn, or at its answer to a question. It is as most
/// agents are: an attempt that hears what the attempt before has heard does the same again, and now and then one
/// changes its mind in the middle.
class member {
public:
  member(uint64_t seed, const v1::Task& task, size_t most_acts);

  /// Nothing when it has done what it wanted to do. Not to be called while it waits.
  std::optional<member_op> next();

  /// Answers come in any order. Whether the member has waited for this one.
  bool hear(uint32_t number, const v1::OpAnswer& answer);

  /// What it yields in the end (JSON).
  std::string output();

  /// How many operations it has sent.
  uint32_t sent() const {
    return sent_;
  }

  /// How many it means to send, more or less.
  size_t plans() const {
    return plan_.size();
  }

private:
  enum class deed : uint8_t {
    write,
    write_late,
    write_ahead,
    decide,
    raise,
    note,
    notify,
    ask,
    answer,
    handoff,
    look_around,
    miscount,
  };

  struct act {
    deed what = deed::note;
    uint64_t dice = 0;
    /// Of the attempt that changed its mind here; 0 = the first one.
    uint32_t nonce = 0;
  };

  struct artifact {
    uint64_t version = 0;
    json value = json::object();
  };

  void make_plan(uint64_t seed, uint32_t task, uint32_t attempt);
  act draw(random_source& dice, uint32_t nonce) const;
  /// What the act at hand wants next; nothing when it is over.
  std::optional<member_op> go_on(random_source dice);
  std::optional<member_op> write(random_source& dice);
  std::optional<member_op> read_and_answer();
  member_op fresh();
  std::string token() const;
  std::string addressee(random_source& dice) const;
  json with_mine(const std::string& artifact, const std::string& token) const;
  json operations(random_source& dice) const;
  void fold(uint64_t x);

  json context_;
  std::string role_;
  bool answers_ = false;
  uint32_t task_ = 0;
  uint32_t attempt_ = 0;
  uint64_t output_dice_ = 0;
  std::vector<act> plan_;
  size_t at_ = 0;
  /// How far the act at `at_` is.
  uint32_t stage_ = 0;
  uint32_t refusals_ = 0;
  uint32_t number_ = 0;
  uint32_t sent_ = 0;
  /// The operation whose answer it waits for; 0 = none.
  uint32_t waits_for_ = 0;
  v1::TaskOp last_;
  /// Of everything that it has heard so far.
  uint64_t trail_ = 0;
  std::string to_answer_;
  std::map<std::string, artifact> known_;
};

/// What the agents that choose who is next, and that settle conflicts, answer (JSON).
std::string chosen_role(random_source& dice);
std::string settled_value(const std::string& input);

} // namespace troupe::sim
