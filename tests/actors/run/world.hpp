#pragma once

#include "actors/run/aggregator.hpp"
#include "actors/run/coordinator.hpp"
#include "runtime/journal/memory_store.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/run_harness.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <prometheus/registry.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace troupe::test {

/// Everything around a coordinator, in the hands of the test: a journal on a memory store that can be made to wait or
/// fail, and a dispatcher that merely notes what it gets.
struct world : actor_fixture {
  struct dispatched {
    v1::Task task;
    task_owner_actor owner;
  };

  /// What the fake actors share with the test.
  struct notes {
    memory_store store;
    std::deque<dispatched> tasks;
    std::vector<v1::CancelTask> cancels;
    /// Appends are held back while set.
    bool hold_appends = false;
    std::vector<std::function<void()>> held;
    /// The next appends fail with this.
    std::optional<error> append_error;
    /// And claims with this.
    std::optional<error> claim_error;
    int appends = 0;
  };

  std::shared_ptr<notes> seen = std::make_shared<notes>();
  prometheus::Registry metrics;

  static journal_actor::behavior_type fake_journal(journal_actor::pointer me, std::shared_ptr<notes> seen) {
    auto answer = [](auto result) -> caf::result<typename decltype(result)::value_type> {
      if (!result)
        return to_caf(result.error());
      return std::move(*result);
    };
    auto take = [me, seen](const v1::AppendEvents& append) -> caf::result<v1::EventsAppended> {
      if (append.run_id().empty()) {
        for (auto& commit : std::exchange(seen->held, {}))
          commit();
        return v1::EventsAppended{};
      }
      ++seen->appends;
      if (seen->append_error)
        return to_caf(*seen->append_error);
      auto promise = me->make_response_promise<v1::EventsAppended>();
      auto commit = [seen, append, promise]() mutable {
        const v1::AppendEvents* batch[] = {&append};
        auto outer = seen->store.append(batch);
        auto& inner = outer->front();
        if (inner)
          promise.deliver(*inner);
        else
          promise.deliver(to_caf(inner.error()));
      };
      if (seen->hold_appends)
        seen->held.push_back(commit);
      else
        commit();
      return promise;
    };
    return {
        [take](const v1::AppendEvents& append) { return take(append); },
        [take](const append_events_ptr& append) { return take(*append); },
        [](take_backlog) {},
        [seen, answer](const v1::CreateRun& request) { return answer(seen->store.create(request)); },
        [seen, answer](const v1::ClaimRun& request) -> caf::result<v1::RunSummary> {
          if (seen->claim_error)
            return to_caf(*seen->claim_error);
          return answer(seen->store.claim(request));
        },
        [seen, answer](const v1::GetRun& request) { return answer(seen->store.load(request.run_id())); },
        [seen, answer](const v1::ListRuns& request) {
          return answer(seen->store.list(request.limit(), request.unfinished_only()));
        },
    };
  }

  static dispatcher_actor::behavior_type fake_dispatcher(dispatcher_actor::pointer, std::shared_ptr<notes> seen) {
    return {
        [seen](const task_batch& batch, const task_owner_actor& owner) {
          for (const auto& task : batch.tasks)
            seen->tasks.push_back({*task, owner});
        },
        [seen](const v1::CancelBatch& batch) {
          seen->cancels.insert(seen->cancels.end(), batch.tasks().begin(), batch.tasks().end());
        },
        [](const v1::ResultBatch&) {},
        [](const v1::ProgressBatch&) {},
        [](const v1::OpBatch&) {},
        [](const v1::OpAnswerBatch&) {},
        [](const v1::NodeStatus&, const agent_host_actor&) {},
        [](const v1::LeaveCluster&) {},
    };
  }

  /// Knows one agent, `w`, on one node.
  static registry_actor::behavior_type fake_registry(registry_actor::pointer) {
    return {
        [](const v1::JoinCluster&, const agent_host_actor&) { return v1::JoinedCluster{}; },
        [](const v1::Heartbeat&) { return v1::HeartbeatAck{}; },
        [](const v1::LeaveCluster&) { return v1::Ack{}; },
        [](const v1::DrainNode&) { return v1::Ack{}; },
        [](const v1::ListNodes&) { return v1::NodeList{}; },
        [](const v1::FindAgents& query) {
          v1::AgentList out;
          if (query.name() == "w" || query.capability() == "weaving") {
            auto* found = out.add_agents();
            found->mutable_agent()->set_name("w");
            found->set_node_state(v1::NODE_STATE_UP);
          }
          return out;
        },
    };
  }

  registry_actor nodes = sys.spawn(fake_registry);
  journal_actor journal = sys.spawn(fake_journal, seen);
  dispatcher_actor dispatcher = sys.spawn(fake_dispatcher, seen);
  aggregator_actor combine = sys.spawn(aggregator);
  run_neighbours neighbours{journal, dispatcher, combine, time};
  coordinator_actor boss = spawn_coordinator("c1");

  coordinator_actor spawn_coordinator(const std::string& owner, std::shared_ptr<journal_backlog> backlog = {}) {
    coordinator_config config;
    config.owner = owner;
    neighbours.backlog = std::move(backlog);
    config.seed = 1;
    return sys.spawn(coordinator, config, neighbours, nodes, run_probe{metrics});
  }

  ~world() override {
    stop(boss, nodes, journal, dispatcher, combine);
    seen->tasks.clear();
  }

  v1::SubmitRun submission(const std::string& yaml, const json& input = json::object()) {
    v1::SubmitRun request;
    request.set_run_id("r1");
    request.set_definition(compile(yaml)->document.dump());
    request.set_input(input.dump());
    return request;
  }

  dispatched next_task() {
    if (seen->tasks.empty())
      throw std::runtime_error("no task was dispatched");
    auto out = seen->tasks.front();
    seen->tasks.pop_front();
    return out;
  }

  static v1::TaskResult success(const v1::Task& task, const json& output) {
    v1::TaskResult result;
    result.set_run_id(task.run_id());
    result.set_task(task.task());
    result.set_attempt(task.attempt());
    result.set_epoch(task.epoch());
    result.set_status(v1::TASK_STATUS_SUCCESS);
    result.mutable_output()->set_data(output.dump());
    return result;
  }

  void answer(const dispatched& work, const json& output) {
    v1::ResultBatch batch;
    *batch.add_results() = success(work.task, output);
    self->send(work.owner, batch);
    run();
  }

  /// Commits what was held back. In the journal's own turn: promises belong to their actor.
  void release_appends() {
    seen->hold_appends = false;
    self->send(journal, v1::AppendEvents{});
    run();
  }

  v1::RunSummary stored(const std::string& id = "r1") {
    return seen->store.load(id)->summary();
  }
};

} // namespace troupe::test
