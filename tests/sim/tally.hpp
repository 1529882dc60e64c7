#pragma once

#include "tests/sim/fault.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace troupe::sim {

/// What is counted, so that a simulation in which nothing happens is noticed. Names and lowest counts: tally.cpp.
enum class sight : uint8_t {
  run_succeeded,
  run_partial,
  run_failed,
  run_cancelled,
  attempt_begun,
  attempt_repeated,
  task_left_ahead,
  task_completed,
  task_lost,
  timer_fired,
  aggregated,
  cancel_acknowledged,
  run_taken_over,
  claim_refused,
  owner_fenced,
  stale_append_refused,
  append_failed,
  append_repeated,
  result_dropped_late,
  result_dropped_fenced,
  result_dropped_by_run,
  node_lost,
  node_left,
  node_suspected,
  worker_fenced,
  join_refused,
  heartbeat_refused,
  task_refused,
  breaker_opened,
  agent_crashed,
  agent_gave_up,
  agent_replaced,
  digest_compared,
  journal_replayed,
  // Teams:
  turn_begun,
  question_served,
  message_delivered,
  workspace_compared,
  op_sent,
  op_heard,
  op_repeated,
  op_doubled,
  conversation_anew,
  op_refused_by_host,
  op_dropped_late,
  op_fenced,
  op_too_much,
  op_answer_dropped,
  taken_over_in_turn,
  question_chosen,
  question_answered,
  answer_to_inbox,
  question_timed_out,
  question_unavailable,
  deadlock_refused,
  addressee_refused,
  write_out_of_turn_refused,
  conflict_rejected,
  conflict_last_writer,
  conflict_merged,
  merge_refused,
  conflict_voted,
  vote_lost,
  conflict_settled_by_agent,
  resolver_failed,
  conflict_settled_by_person,
  person_kept,
  person_silent,
  decision_acknowledged,
  decision_refused,
  handed_over,
  second_handoff_refused,
  sent_back,
  team_approved,
  team_until,
  team_rounds,
  team_handed_over,
  team_selector,
  team_at_bound,
  end_,
};

struct tally {
  std::array<uint64_t, static_cast<size_t>(sight::end_)> seen = {};
  /// By kind of fault.
  std::array<uint64_t, fault::kinds> struck = {};
  uint64_t worlds = 0;
  uint64_t runs = 0;
  uint64_t events = 0;
  usec simulated = 0;

  void see(sight what, uint64_t times = 1) {
    seen[static_cast<size_t>(what)] += times;
  }

  void add(const tally& other);
};

/// For people, several lines.
std::string to_string(const tally& x);

/// What so many worlds should have shown more of; empty when they have shown enough.
std::string poverty(const tally& x);

} // namespace troupe::sim
