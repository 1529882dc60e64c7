#pragma once

#include "runtime/run/machine.hpp"
#include "runtime/workflow/workflow.hpp"
#include "tests/fuzz/input.hpp"

#include <deque>
#include <string>
#include <vector>

namespace troupe::fuzz {

/// The world around one run machine, without opinions: offers what it is told to offer and keeps what was accepted.
class run_player {
public:
  run_player(workflow_ptr definition, std::string input);

  /// Whether it was accepted.
  bool offer(v1::RunEvent event);

  /// Something that can happen now, chosen by `from`; often nothing that the machine accepts.
  void chance(decisions& from);

  /// Answers tasks and fires timers, `most` times at most, so that the run ends.
  void work_off(size_t most);

  /// The law of the journal: what was accepted, replayed, gives the same state.
  void check_replay() const;

  const run_machine& machine() const {
    return machine_;
  }

private:
  void take(std::vector<command> commands);
  void answer(const v1::Task& task, v1::TaskStatus status, std::string output);

  workflow_ptr definition_;
  run_machine machine_;
  std::vector<v1::RunEvent> journal_;
  std::deque<v1::Task> tasks_;
  std::deque<aggregation_request_ptr> aggregations_;
  std::deque<uint64_t> timers_;
  uint64_t epoch_ = 1;
  int64_t now_ = 1'000;
};

} // namespace troupe::fuzz
