#pragma once

#include "runtime/agents/text/text_tools.hpp"
#include "runtime/aggregation/aggregate.hpp"
#include "runtime/expression/lua.hpp"
#include "runtime/run/machine.hpp"
#include "runtime/workflow/workflow.hpp"

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::testing {

/// Runs a workflow to its end in this thread, without actors: tasks of `lua` and builtin text agents at once, others by
/// `other`. Timers never fire.
class local_run {
public:
  using agent_function = std::function<result<json>(const agent_definition&, const json& input)>;

  explicit local_run(workflow_ptr definition, agent_function other = {})
      : definition_{std::move(definition)}, other_{std::move(other)}, machine_{definition_, false} {}

  finish_run operator()(const json& input) {
    v1::RunEvent submitted;
    submitted.mutable_run_submitted()->set_run_id("run");
    submitted.mutable_run_submitted()->set_input(input.dump());
    apply(submitted);
    while (!pending_.empty() && !machine_.finished()) {
      auto next = std::move(pending_.front());
      pending_.pop_front();
      if (auto* task = std::get_if<start_task>(&next))
        answer(*task);
      else if (auto* aggregation = std::get_if<start_aggregation>(&next))
        answer(*aggregation);
    }
    return machine_.finished() ? machine_.outcome() : finish_run{};
  }

  /// Tasks per agent.
  std::map<std::string, int> tasks;

private:
  void apply(const v1::RunEvent& event) {
    std::vector<command> out;
    machine_.step(event, out);
    for (auto& x : out)
      pending_.push_back(std::move(x));
  }

  void answer(const start_task& x) {
    const auto& agent = definition_->agents.at(x.task->agent());
    ++tasks[x.task->agent()];
    finish(x.task->task(), x.task->attempt(), x.task->epoch(), work(agent, json::parse(x.task->input().data())));
  }

  void answer(const start_aggregation& x) {
    finish(x.request->task, x.request->attempt, x.request->epoch, aggregate(*x.request));
  }

  result<json> work(const agent_definition& agent, const json& input) const {
    if (agent.kind == "lua") {
      const json root{{"input", input}};
      return lua_chunk::compile_script(agent.config["script"].get<std::string>()).value().evaluate(json_scope{root});
    }
    if (agent.kind == "function")
      return run_text_tool(agent.config["function"].get<std::string>(), input, agent.config["config"]);
    return other_(agent, input);
  }

  void finish(uint32_t task, uint32_t attempt, uint64_t epoch, const result<json>& how) {
    v1::RunEvent event;
    auto& out = *event.mutable_task_finished()->mutable_result();
    out.set_run_id("run");
    out.set_task(task);
    out.set_attempt(attempt);
    out.set_epoch(epoch);
    out.set_status(how ? v1::TASK_STATUS_SUCCESS : v1::TASK_STATUS_FAILED);
    if (how)
      out.mutable_output()->set_data(how->dump());
    else
      *out.mutable_error() = how.error().to_proto();
    apply(event);
  }

  workflow_ptr definition_;
  agent_function other_;
  run_machine machine_;
  std::deque<command> pending_;
};

} // namespace troupe::testing
