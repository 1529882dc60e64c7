#pragma once

#include "runtime/dispatch/dispatcher_core.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// A dispatcher, a clock, and what its owners and nodes have been told.
struct dispatch_fixture {
  explicit dispatch_fixture(dispatcher_config config = {}) : core{config} {}

  dispatcher_core core;
  int64_t now = 1'000;
  /// By node, in order.
  std::map<std::string, std::vector<v1::Task>> sent;
  std::map<std::string, std::vector<v1::AgentSpec>> specs;
  std::map<std::string, std::vector<v1::CancelTask>> cancels;
  /// By owner.
  std::map<owner_id, std::vector<v1::TaskResult>> results;
  std::map<owner_id, std::vector<v1::TaskLost>> losses;
  dispatch_actions last;

  static v1::AgentSpec agent(const std::string& name = "x", const std::string& kind = "lua") {
    v1::AgentSpec out;
    out.set_name(name);
    out.set_kind(kind);
    out.set_hash("hash-" + name);
    return out;
  }

  static v1::NodeStatus node(const std::string& name, uint32_t capacity, const std::string& boot = "1") {
    v1::NodeStatus out;
    out.set_state(v1::NODE_STATE_UP);
    out.mutable_info()->set_name(name);
    out.mutable_info()->set_boot_id(boot);
    out.mutable_info()->set_capacity(capacity);
    out.mutable_info()->add_kinds("lua");
    return out;
  }

  static v1::Task task(owner_id owner, uint32_t number, const std::string& agent_name = "x", int32_t priority = 0) {
    v1::Task out;
    out.set_run_id("run-" + std::to_string(owner));
    out.set_task(number);
    out.set_attempt(1);
    out.set_epoch(1);
    out.set_agent(agent_name);
    out.set_agent_hash("hash-" + agent_name);
    out.set_priority(priority);
    return out;
  }

  static v1::TaskResult result_of(const v1::Task& x, v1::TaskStatus status = v1::TASK_STATUS_SUCCESS,
                                  v1::ErrorCode code = v1::ERROR_CODE_UNSPECIFIED) {
    v1::TaskResult out;
    out.set_run_id(x.run_id());
    out.set_task(x.task());
    out.set_attempt(x.attempt());
    out.set_epoch(x.epoch());
    out.set_status(status);
    if (code != v1::ERROR_CODE_UNSPECIFIED)
      out.mutable_error()->set_code(code);
    return out;
  }

  void define(owner_id owner, const v1::AgentSpec& spec) {
    v1::TaskBatch batch;
    *batch.add_agents() = spec;
    core.tasks_queued(owner, batch, now);
  }

  void queue(owner_id owner, const v1::Task& x) {
    v1::TaskBatch batch;
    *batch.add_tasks() = x;
    core.tasks_queued(owner, batch, now);
  }

  /// Tasks `first` to `last` of the owner's run.
  void queue(owner_id owner, uint32_t first, uint32_t to, const std::string& agent_name = "x", int32_t priority = 0) {
    for (auto i = first; i <= to; ++i)
      queue(owner, task(owner, i, agent_name, priority));
  }

  void cancel(const v1::Task& x) {
    v1::CancelBatch batch;
    auto* out = batch.add_tasks();
    out->set_run_id(x.run_id());
    out->set_task(x.task());
    out->set_attempt(x.attempt());
    core.cancel(batch);
  }

  void flush() {
    last = core.flush(now, 1'700'000'000'000 + now);
    for (auto& x : last.to_cancel)
      cancels[x.node].insert(cancels[x.node].end(), x.batch.tasks().begin(), x.batch.tasks().end());
    for (auto& x : last.batches) {
      for (auto& task : x.batch.tasks)
        sent[x.node].push_back(*task);
      for (auto& spec : x.batch.agents)
        specs[x.node].push_back(*spec);
    }
    for (auto& x : last.outcomes) {
      results[x.owner].insert(results[x.owner].end(), x.results.results().begin(), x.results.results().end());
      losses[x.owner].insert(losses[x.owner].end(), x.losses.begin(), x.losses.end());
    }
  }

  void report(const std::string& from, const v1::TaskResult& x) {
    v1::ResultBatch batch;
    *batch.add_results() = x;
    core.results(from, batch, now);
  }

  void answer(const std::string& from, const v1::Task& x, v1::TaskStatus status = v1::TASK_STATUS_SUCCESS,
              v1::ErrorCode code = v1::ERROR_CODE_UNSPECIFIED) {
    report(from, result_of(x, status, code));
    flush();
  }

  void advance(int64_t ms) {
    now += ms;
    core.tick(now);
    flush();
  }

  /// "1.0 1.1 2.0": owner and number of what the node got since the last call.
  std::string take(const std::string& name) {
    std::string out;
    for (auto& x : sent[name])
      out += (out.empty() ? "" : " ") + x.run_id().substr(4) + "." + std::to_string(x.task());
    sent[name].clear();
    return out;
  }
};

} // namespace troupe::test
