#pragma once

#include "tests/sim/mutation.hpp"

#include "runtime/core/task_batch.hpp"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace troupe::sim {

/// Switches a rule of teams off, in a run coordinator's shell: operations are forged on their way into the core so that
/// the rule lets them pass, and answers on their way out so that the sender takes them for his. What the core does by
/// itself cannot be broken there; then what members would see of it is: tasks tell something else, answers stay away.
class tampering {
public:
  explicit tampering(mutation broken) : broken_{broken} {}

  void task_left(const v1::Task& task);
  void forge(v1::TaskOp& op);
  /// The journal has it or will have it.
  void taken(const v1::TaskOp& op);
  void task_ended(uint32_t task);
  void restore(v1::OpAnswer& answer);
  /// The task as its member gets it.
  task_ptr told(task_ptr task) const;
  /// The member never hears of it.
  bool swallows(const v1::OpAnswer& answer) const;
  /// No timer fires.
  bool stops_clock() const {
    return !open_asks_.empty();
  }

private:
  using op_key = std::tuple<uint32_t, uint32_t, uint32_t>;

  mutation broken_;
  /// recorded_answers: the highest number of a task's operations, and what each attempt's numbers are counted from.
  std::map<uint32_t, uint32_t> counts_;
  std::map<std::pair<uint32_t, uint32_t>, uint32_t> bases_;
  /// turn_check: who answers a question, who is on turn, and what was passed off as his.
  std::map<uint32_t, std::string> answering_;
  std::map<std::string, std::pair<uint32_t, uint32_t>> on_turn_;
  std::map<op_key, op_key> forged_;
  /// compare_and_set: the versions of artifacts by team.
  std::map<uint32_t, std::string> team_of_;
  std::map<std::pair<std::string, std::string>, uint64_t> versions_;
  /// question_timeout: questions (task, number) without an answer.
  std::set<std::pair<uint32_t, uint32_t>> open_asks_;
};

} // namespace troupe::sim
