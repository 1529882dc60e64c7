#include "tests/sim/tampering.hpp"

#include "runtime/core/json.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe::sim {

namespace {

std::string team_path_of(const v1::Task& task) {
  return task.step().substr(0, task.step().rfind('['));
}

bool needs_turn(const v1::TaskOp& op) {
  return op.has_put() || op.has_decide() || op.has_handoff();
}

} // namespace

void tampering::task_left(const v1::Task& task) {
  if (broken_ == mutation::turn_check && task.has_turn()) {
    if (task.turn().answering())
      answering_[task.task()] = team_path_of(task);
    else
      on_turn_[team_path_of(task)] = {task.task(), task.attempt()};
  }
  if (broken_ == mutation::compare_and_set && task.has_turn()) {
    auto team = team_path_of(task);
    team_of_[task.task()] = team;
    auto told =
        json::parse(task.turn().context().empty() ? task.input().data() : task.turn().context(), nullptr, false);
    if (told.is_object() && told.contains("artifacts"))
      for (const auto& x : told["artifacts"]) {
        auto& known = versions_[{team, x.value("name", "")}];
        known = std::max(known, x.value("version", uint64_t{0}));
      }
  }
}

void tampering::forge(v1::TaskOp& op) {
  if (broken_ == mutation::recorded_answers)
    op.set_number(op.number() + bases_.try_emplace({op.task(), op.attempt()}, counts_[op.task()]).first->second);
  if (broken_ == mutation::turn_check && needs_turn(op)) {
    auto team = answering_.find(op.task());
    auto turn = team == answering_.end() ? on_turn_.end() : on_turn_.find(team->second);
    if (turn != on_turn_.end()) {
      op_key own{op.task(), op.attempt(), op.number()};
      op.set_task(turn->second.first);
      op.set_attempt(turn->second.second);
      op.set_number(counts_[op.task()] + 1);
      forged_[{op.task(), op.attempt(), op.number()}] = own;
    }
  }
  if (broken_ == mutation::compare_and_set && op.has_put())
    if (auto team = team_of_.find(op.task()); team != team_of_.end())
      op.mutable_put()->set_expected_version(versions_[{team->second, op.put().artifact()}]);
}

void tampering::taken(const v1::TaskOp& op) {
  auto& count = counts_[op.task()];
  count = std::max(count, op.number());
  if (broken_ == mutation::question_timeout && op.has_ask())
    open_asks_.emplace(op.task(), op.number());
}

void tampering::task_ended(uint32_t task) {
  // Its agent does not wait any more.
  std::erase_if(open_asks_, [&](const auto& x) { return x.first == task; });
}

void tampering::restore(v1::OpAnswer& answer) {
  open_asks_.erase({answer.task(), answer.number()});
  if (broken_ == mutation::recorded_answers)
    if (auto base = bases_.find({answer.task(), answer.attempt()}); base != bases_.end())
      answer.set_number(answer.number() - base->second);
  if (broken_ == mutation::turn_check)
    if (auto own = forged_.find({answer.task(), answer.attempt(), answer.number()}); own != forged_.end()) {
      answer.set_task(std::get<0>(own->second));
      answer.set_attempt(std::get<1>(own->second));
      answer.set_number(std::get<2>(own->second));
    }
  if (broken_ == mutation::compare_and_set && !answer.has_error())
    if (auto team = team_of_.find(answer.task()); team != team_of_.end()) {
      auto value = json::parse(answer.value(), nullptr, false);
      if (value.is_object() && value.contains("artifact") && value.contains("version")) {
        auto& known = versions_[{team->second, value.value("artifact", "")}];
        known = std::max(known, value.value("version", uint64_t{0}));
      }
    }
}

task_ptr tampering::told(task_ptr task) const {
  auto loses = broken_ == mutation::lost_message || broken_ == mutation::lost_answer;
  if ((!loses && broken_ != mutation::turn_order) || !task->has_turn() || task->turn().answering())
    return task;
  auto forged = std::make_shared<v1::Task>(*task);
  auto& text = task->turn().context().empty() ? *forged->mutable_input()->mutable_data()
                                              : *forged->mutable_turn()->mutable_context();
  auto told = json::parse(text, nullptr, false);
  if (!told.is_object())
    return task;
  if (loses) {
    auto& inbox = told["inbox"];
    auto lost = std::find_if(inbox.begin(), inbox.end(), [&](const json& x) {
      auto answers = x.contains("in_reply_to");
      return x["requires_response"] == false && answers == (broken_ == mutation::lost_answer);
    });
    if (lost == inbox.end())
      return task;
    inbox.erase(lost);
  } else {
    const auto& teammates = told["teammates"];
    if (teammates.empty())
      return task;
    told["role"] = teammates.front()["role"];
    forged->mutable_turn()->set_role(told["role"].get<std::string>());
  }
  text = told.dump();
  return forged;
}

bool tampering::swallows(const v1::OpAnswer& answer) const {
  return broken_ == mutation::wait_graph && answer.error().code() == v1::ERROR_CODE_DEADLOCK;
}

} // namespace troupe::sim
