#pragma once

#include "troupe/v1/journal.pb.h"

#include <cstdint>
#include <string>

namespace troupe::test {

inline v1::RunEvent timer_event(uint64_t timer) {
  v1::RunEvent out;
  out.set_at_ms(1'700'000'000'000);
  out.mutable_timer_fired()->set_timer(timer);
  return out;
}

/// A run with one event, owned by `owner` under epoch 1.
inline v1::CreateRun create_request(const std::string& run_id, const std::string& owner = "boot-a",
                                    int64_t created_at_ms = 1'000) {
  v1::CreateRun out;
  auto& summary = *out.mutable_summary();
  summary.set_run_id(run_id);
  summary.set_workflow("review");
  summary.set_definition_hash("d1");
  summary.set_state(v1::RUN_STATE_RUNNING);
  summary.set_created_at_ms(created_at_ms);
  summary.set_owner(owner);
  summary.set_epoch(1);
  out.set_definition(R"({"workflow":"review"})");
  out.add_events()->mutable_run_submitted()->set_run_id(run_id);
  return out;
}

/// `count` timer events; their timers are their sequence numbers.
inline v1::AppendEvents append_request(const std::string& run_id, uint64_t epoch, uint64_t first_seq,
                                       uint64_t count = 1) {
  v1::AppendEvents out;
  out.set_run_id(run_id);
  out.set_epoch(epoch);
  out.set_first_seq(first_seq);
  for (uint64_t i = 0; i < count; ++i)
    *out.add_events() = timer_event(first_seq + i);
  return out;
}

inline v1::AppendEvents ending(v1::AppendEvents request, v1::RunState state, const std::string& error = {}) {
  auto& summary = *request.mutable_summary();
  summary.set_state(state);
  summary.set_finished_at_ms(2'000);
  summary.set_error(error);
  return request;
}

inline v1::ClaimRun claim_request(const std::string& run_id, uint64_t expected_epoch, const std::string& owner) {
  v1::ClaimRun out;
  out.set_run_id(run_id);
  out.set_expected_epoch(expected_epoch);
  out.set_owner(owner);
  return out;
}

} // namespace troupe::test
