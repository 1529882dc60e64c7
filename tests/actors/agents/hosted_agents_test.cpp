#include "actors/agents/agent_host.hpp"
#include "actors/agents/builtin_kinds.hpp"
#include "actors/supervision/supervisor.hpp"
#include "runtime/agents/text/text_tools.hpp"
#include "runtime/core/json.hpp"
#include "tests/actors/agents/agent_samples.hpp"
#include "tests/actors/agents/threaded_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <prometheus/registry.h>
#include <spdlog/logger.h>

#include <map>

namespace troupe {
namespace {

using test::make_spec;
using test::make_task;

/// A host as a node has it: real kinds, real supervisors, real threads.
struct hosted_agents_test : test::threaded_fixture {
  std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
  std::shared_ptr<agent_catalog> catalog = std::make_shared<agent_catalog>();
  supervisor_actor agents;
  result_sink_actor sink;
  agent_host_actor host;

  hosted_agents_test() {
    add_text_tools(catalog->functions());
    catalog->functions().add("noop", [](const task_input&) -> result<task_output> { return task_output{}; });
    catalog->functions().add("fragile", [this](const task_input& in) -> result<task_output> {
      if (in.attempt() == 1)
        throw std::runtime_error("out of luck");
      return json("recovered");
    });
    catalog->functions().add("trips", [](const task_input& in) -> result<task_output> {
      if (in.attempt() == 1 && in.input() == json(25))
        throw std::runtime_error("tripped");
      return in.input();
    });
    supervisor_config all;
    all.name = "agents";
    agents = sys.spawn(supervisor, all, supervisor_probe{*metrics, "agents"});
    sink = sys.spawn([to = caf::actor_cast<caf::actor>(self)]() -> result_sink_actor::behavior_type {
      return {
          [to](const v1::ResultBatch& x) { caf::anon_send(to, x); },
          [](const v1::ProgressBatch&) {},
          [](const v1::OpBatch&) {},
      };
    });
    agent_host_config settings;
    settings.limits.node = "w1";
    settings.limits.capacity = 20'000;
    agent_host_neighbours neighbours;
    neighbours.kinds = make_builtin_kinds(catalog);
    neighbours.context.system = &sys;
    neighbours.context.node = "w1";
    neighbours.context.log = std::make_shared<spdlog::logger>("quiet");
    neighbours.context.metrics = metrics;
    neighbours.supervisor = agents;
    neighbours.make_agent_supervisor = [probe = supervisor_probe{*metrics, "agent"}](caf::actor_system& s) {
      supervisor_config one;
      one.name = "agent";
      return caf::actor_cast<supervisor_actor>(s.spawn(supervisor, one, probe));
    };
    host = spawn_agent_host(sys, settings, neighbours);
  }

  ~hosted_agents_test() override {
    stop(host);
    stop(agents);
    stop(sink);
  }

  /// The results of tasks by number.
  std::map<uint32_t, v1::TaskResult> run(const std::vector<v1::Task>& tasks, const v1::AgentSpec& spec) {
    v1::TaskBatch batch;
    *batch.add_agents() = spec;
    for (auto& x : tasks)
      *batch.add_tasks() = x;
    self->send(host, task_batch{std::move(batch)}, sink);
    std::map<uint32_t, v1::TaskResult> out;
    while (out.size() < tasks.size()) {
      auto results = next<v1::ResultBatch>();
      if (!results)
        break;
      for (auto& x : *results->mutable_results())
        out.emplace(x.task(), std::move(x));
    }
    return out;
  }
};

TEST_F(hosted_agents_test, runs_lua_scripts) {
  auto out = run({make_task(1, R"({"n": 20})", "l")}, make_spec("l", "lua", R"({"script": "return input.n + 1"})"));
  EXPECT_EQ(out[1].output().data(), "21");
}

TEST_F(hosted_agents_test, runs_text_tools_as_functions) {
  auto out = run({make_task(1, R"({"text": "The licence grants patents. Patents end."})", "k")},
                 make_spec("k", "function", R"({"function": "text.keywords"})"));
  ASSERT_EQ(out[1].status(), v1::TASK_STATUS_SUCCESS) << out[1].error().message();
  EXPECT_NE(out[1].output().data().find("patents"), std::string::npos);
}

TEST_F(hosted_agents_test, runs_processes) {
  auto out =
      run({make_task(1, "null", "p")},
          make_spec("p", "process",
                    R"({"command": ["sh", "-c", "read -r x; echo '{\"task_id\": \"r1/1\", \"output\": 7}'; cat"]})"));
  EXPECT_EQ(out[1].output().data(), "7");
}

TEST_F(hosted_agents_test, restarts_an_agent_that_throws) {
  auto spec = make_spec("fragile", "function");
  auto first = run({make_task(1, "null", "fragile")}, spec);
  EXPECT_EQ(first[1].error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_EQ(first[1].error().message(), "agent crashed: out of luck");
  auto second = run({make_task(1, "null", "fragile", 2)}, spec);
  EXPECT_EQ(second[1].output().data(), "\"recovered\"");
}

TEST_F(hosted_agents_test, blames_a_crash_on_the_one_whose_turn_it_was) {
  std::vector<v1::Task> tasks;
  for (uint32_t i = 0; i < 50; ++i)
    tasks.push_back(make_task(i, std::to_string(i), "trips"));
  auto results = run(tasks, make_spec("trips", "function"));
  ASSERT_EQ(results.size(), 50u);
  for (auto& [number, x] : results) {
    if (number < 25)
      EXPECT_EQ(x.output().data(), std::to_string(number));
    else if (number == 25)
      EXPECT_EQ(x.error().code(), v1::ERROR_CODE_AGENT_CRASHED) << x.error().message();
    else
      EXPECT_TRUE(x.status() == v1::TASK_STATUS_SUCCESS || x.status() == v1::TASK_STATUS_REJECTED)
          << number << ": " << x.error().message();
  }
}

TEST_F(hosted_agents_test, keeps_the_reason_why_an_agent_cannot_be_made) {
  auto out = run({make_task(1, "null", "l")}, make_spec("l", "lua", R"({"script": "return ("})"));
  EXPECT_EQ(out[1].error().code(), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_FALSE(out[1].error().retryable());
}

TEST_F(hosted_agents_test, takes_ten_thousand_tasks_in_one_batch) {
  std::vector<v1::Task> tasks;
  for (uint32_t i = 0; i < 10'000; ++i) {
    tasks.push_back(make_task(i, "null", "noop"));
    tasks.back().set_timeout_ms(60'000);
  }
  auto spec = make_spec("noop", "function", "{}", 1);
  spec.set_replicas(2);
  auto out = run(tasks, spec);
  EXPECT_EQ(out.size(), 10'000u);
}

} // namespace
} // namespace troupe
