#pragma once

#include "runtime/language/load.hpp"
#include "runtime/run/machine.hpp"
#include "runtime/run/new_run.hpp"
#include "runtime/team/op_json.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe::test {

/// Compiles a document; fails the test with its diagnostics when it is not valid.
inline workflow_ptr compile(const std::string& yaml) {
  auto loaded = load_workflow({"test.yaml", yaml});
  if (!loaded) {
    std::string text;
    for (const auto& fault : loaded.error())
      text += to_string(fault) + "\n";
    throw std::runtime_error(text);
  }
  return *loaded;
}

/// Plays the world around one run machine: agents that answer by a function, timers that fire when told, a journal that
/// keeps every accepted event.
class run_harness {
public:
  explicit run_harness(const std::string& yaml, json input = json::object())
      : run_harness{compile(yaml), std::move(input)} {}

  explicit run_harness(workflow_ptr workflow, json input = json::object())
      : definition{std::move(workflow)}, machine{definition} {
    offer(new_run(*definition, input.dump(), {.run_id = "r1", .owner = {}, .now_ms = 0, .seed = 42, .traceparent = {}})
              .events(0));
  }

  /// Feeds an event if the machine accepts it; whether it did.
  bool offer(v1::RunEvent event) {
    if (!machine.accepts(event))
      return false;
    event.set_at_ms(now);
    journal.push_back(event);
    std::vector<command> out;
    machine.step(event, out);
    for (auto& next : out)
      take(next);
    return true;
  }

  bool answer(const v1::Task& task, v1::TaskResult result) {
    result.set_run_id(task.run_id());
    result.set_task(task.task());
    result.set_attempt(task.attempt());
    result.set_epoch(task.epoch());
    v1::RunEvent event;
    *event.mutable_task_finished()->mutable_result() = std::move(result);
    return offer(std::move(event));
  }

  bool succeed(const v1::Task& task, const json& output) {
    v1::TaskResult result;
    result.set_status(v1::TASK_STATUS_SUCCESS);
    result.mutable_output()->set_data(output.dump());
    return answer(task, std::move(result));
  }

  bool fail(const v1::Task& task, errc code = v1::ERROR_CODE_AGENT_FAILED, bool retryable = false) {
    v1::TaskResult result;
    result.set_status(v1::TASK_STATUS_FAILED);
    result.mutable_error()->set_code(code);
    result.mutable_error()->set_message("it did not work");
    result.mutable_error()->set_retryable(retryable);
    return answer(task, std::move(result));
  }

  bool lose(const v1::Task& task) {
    v1::RunEvent event;
    event.mutable_task_lost()->set_task(task.task());
    event.mutable_task_lost()->set_attempt(task.attempt());
    event.mutable_task_lost()->set_node("w1");
    event.mutable_task_lost()->set_reason("connection closed");
    return offer(std::move(event));
  }

  /// What an agent that works on `task` does during its turn; whether the machine took it.
  bool operate(const v1::Task& task, uint32_t number, const json& operation) {
    v1::RunEvent event;
    *event.mutable_task_operation()->mutable_op() = operation_of(task, number, operation);
    return offer(std::move(event));
  }

  static v1::TaskOp operation_of(const v1::Task& task, uint32_t number, const json& operation) {
    auto op = parse_operation(operation);
    if (!op)
      throw std::runtime_error(op.error().message);
    op->set_run_id(task.run_id());
    op->set_task(task.task());
    op->set_attempt(task.attempt());
    op->set_epoch(task.epoch());
    op->set_number(number);
    return std::move(*op);
  }

  /// The newest answer to an operation of `task`, as agents see it; null when there is none yet.
  json answer_of(const v1::Task& task, uint32_t number) const {
    for (auto i = op_answers.rbegin(); i != op_answers.rend(); ++i)
      if (i->task() == task.task() && i->attempt() == task.attempt() && i->number() == number)
        return answer_to_json(*i);
    return nullptr;
  }

  bool cancel() {
    v1::RunEvent event;
    event.mutable_run_cancel_requested()->set_reason("enough");
    return offer(std::move(event));
  }

  bool resume(uint64_t epoch) {
    v1::RunEvent event;
    event.mutable_run_resumed()->set_owner("c2");
    event.mutable_run_resumed()->set_epoch(epoch);
    return offer(std::move(event));
  }

  /// The oldest task that nobody has worked on yet.
  std::optional<v1::Task> next_task() {
    if (tasks.empty())
      return std::nullopt;
    auto task = tasks.front();
    tasks.pop_front();
    return task;
  }

  /// The oldest open task whose place is `step`.
  v1::Task task_at(const std::string& step) {
    for (auto i = tasks.begin(); i != tasks.end(); ++i) {
      if (i->step() == step) {
        auto task = *i;
        tasks.erase(i);
        return task;
      }
    }
    throw std::runtime_error("no open task at " + step);
  }

  std::vector<std::string> open_steps() const {
    std::vector<std::string> out;
    for (const auto& task : tasks)
      out.push_back(task.step());
    return out;
  }

  using agent_function = std::function<json(const v1::Task&, const json& input)>;

  /// Lets every task succeed with what `agent` makes of it, until nothing is open or the run ends.
  void work(const agent_function& agent) {
    while (auto task = next_task())
      succeed(*task, agent(*task, json::parse(task->input().data())));
  }

  /// Fires the timer that is due next and moves the clock there; false when there is none.
  bool fire_next_timer() {
    if (timers.empty())
      return false;
    auto next = timers.begin();
    for (auto i = timers.begin(); i != timers.end(); ++i)
      if (i->second < next->second)
        next = i;
    now = std::max(now, next->second);
    v1::RunEvent event;
    event.mutable_timer_fired()->set_timer(next->first);
    timers.erase(next);
    offer(std::move(event));
    return true;
  }

  bool finished() const {
    return machine.finished();
  }

  v1::RunState state() const {
    return machine.outcome().state;
  }

  json output() const {
    const auto& text = machine.outcome().output;
    return text.empty() ? json{} : json::parse(text);
  }

  /// A fresh machine that has read the journal.
  run_machine replay() const {
    run_machine fresh{definition};
    std::vector<command> out;
    for (const auto& event : journal) {
      fresh.step(event, out);
      out.clear();
    }
    return fresh;
  }

  workflow_ptr definition;
  run_machine machine;
  int64_t now = 1'000'000;
  std::vector<v1::RunEvent> journal;
  std::deque<v1::Task> tasks;
  std::vector<cancel_task> cancels;
  std::map<uint64_t, int64_t> timers;
  std::vector<v1::RunUpdate> updates;
  std::vector<v1::OpAnswer> op_answers;
  /// Aggregations are computed at once, as the aggregator would; set to hold them back.
  bool hold_aggregations = false;
  std::deque<aggregation_request_ptr> aggregations;

  void answer_aggregation(const aggregation_request& request) {
    v1::TaskResult result;
    result.set_run_id(request.run_id);
    result.set_task(request.task);
    result.set_attempt(request.attempt);
    result.set_epoch(request.epoch);
    if (auto made = aggregate(request)) {
      result.set_status(v1::TASK_STATUS_SUCCESS);
      result.mutable_output()->set_data(made->dump());
    } else {
      result.set_status(v1::TASK_STATUS_FAILED);
      *result.mutable_error() = made.error().to_proto();
    }
    v1::RunEvent event;
    *event.mutable_task_finished()->mutable_result() = std::move(result);
    offer(std::move(event));
  }

private:
  void take(command& next) {
    if (auto* start = std::get_if<start_task>(&next)) {
      tasks.push_back(*start->task);
    } else if (auto* stop = std::get_if<cancel_task>(&next)) {
      cancels.push_back(*stop);
      for (auto i = tasks.begin(); i != tasks.end();)
        i = i->task() == stop->task && i->attempt() == stop->attempt ? tasks.erase(i) : i + 1;
    } else if (auto* begun = std::get_if<start_timer>(&next)) {
      timers[begun->timer] = begun->due_ms;
    } else if (auto* ended = std::get_if<cancel_timer>(&next)) {
      timers.erase(ended->timer);
    } else if (auto* combine = std::get_if<start_aggregation>(&next)) {
      if (hold_aggregations)
        aggregations.push_back(combine->request);
      else
        answer_aggregation(*combine->request);
    } else if (auto* answered = std::get_if<answer_op>(&next)) {
      op_answers.push_back(answered->answer);
    } else if (auto* update = std::get_if<publish_update>(&next)) {
      updates.push_back(update->update);
    }
  }
};

} // namespace troupe::test
