#include "actors/agents/agent_host.hpp"

#include "actors/agents/agent_catalog.hpp"
#include "runtime/agents/function/function_agent.hpp"
#include "tests/actors/agents/agent_samples.hpp"
#include "tests/actors/agents/simple_supervisor.hpp"
#include "tests/support/actor_fixture.hpp"

#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <caf/send.hpp>

#include <deque>

namespace troupe {
namespace {

using namespace std::chrono_literals;
using test::make_cancel;
using test::make_spec;
using test::make_task;

/// An agent that answers when the test says so.
struct puppet {
  std::deque<v1::Task> tasks;
  std::vector<v1::CancelTask> cancelled;
  progress_sink_actor progress;
  agent_actor handle;
  int spawned = 0;

  void answer(std::string output = "1") {
    auto out = result_for(tasks.front());
    out.mutable_output()->set_data(std::move(output));
    tasks.pop_front();
    caf::anon_send(caf::actor_cast<caf::actor>(progress), std::move(out));
  }

  /// What it had is gone with it.
  void forget() {
    tasks.clear();
  }
};

agent_actor::behavior_type puppet_agent(agent_actor::pointer, puppet* strings) {
  return {
      [=](const v1::Task& task) -> caf::result<v1::TaskResult> {
        strings->tasks.push_back(task);
        return caf::delegated<v1::TaskResult>{};
      },
      [=](const v1::CancelTask& x) { strings->cancelled.push_back(x); },
  };
}

struct agent_host_test : test::actor_fixture {
  std::shared_ptr<prometheus::Registry> metrics = std::make_shared<prometheus::Registry>();
  std::shared_ptr<agent_catalog> catalog = std::make_shared<agent_catalog>();
  std::shared_ptr<agent_kinds> kinds = std::make_shared<agent_kinds>();
  supervisor_actor supervisor = sys.spawn(test::simple_supervisor, 0);
  puppet agent;
  std::vector<v1::TaskResult> results;
  std::vector<int> batches;
  std::vector<v1::TaskProgress> progress;
  std::vector<v1::TaskOp> operations;
  result_sink_actor sink = spawn_sink();
  agent_host_actor host;

  agent_host_test() {
    kinds->add("function", std::make_shared<function_kind>(catalog));
    catalog->functions().add("echo", [](const task_input& in) -> result<task_output> { return in.input(); });
    catalog->add_actor("puppet", [this](const v1::AgentSpec&, const agent_context& c) -> result<agent_actor> {
      ++agent.spawned;
      agent.progress = c.progress;
      agent.handle = c.system->spawn(puppet_agent, &agent);
      return agent.handle;
    });
    agent_host_config settings;
    settings.limits.node = "w1";
    settings.limits.capacity = 100;
    settings.agents.push_back(make_spec("puppet", "function"));
    agent_host_neighbours neighbours;
    neighbours.kinds = kinds;
    neighbours.context.system = &sys;
    neighbours.context.node = "w1";
    neighbours.context.metrics = metrics;
    neighbours.supervisor = supervisor;
    neighbours.make_agent_supervisor = [](caf::actor_system& s) { return s.spawn(test::simple_supervisor, 2); };
    host = spawn_agent_host(sys, settings, neighbours);
    run();
  }

  ~agent_host_test() override {
    agent.forget();
    agent.progress = nullptr;
    stop(host, sink, agent.handle);
    auto children = ask<std::vector<child_status>>(supervisor, list_children{});
    for (auto& x : *children)
      self->send(supervisor, stop_child{x.id});
    stop(supervisor);
    run();
  }

  result_sink_actor spawn_sink() {
    return sys.spawn([this]() -> result_sink_actor::behavior_type {
      return {
          [this](const v1::ResultBatch& x) {
            batches.push_back(x.results_size());
            results.insert(results.end(), x.results().begin(), x.results().end());
          },
          [this](const v1::ProgressBatch& x) {
            progress.insert(progress.end(), x.progress().begin(), x.progress().end());
          },
          [this](const v1::OpBatch& x) {
            operations.insert(operations.end(), x.operations().begin(), x.operations().end());
          },
      };
    });
  }

  /// A task for the puppet that the node has of its own.
  v1::Task puppet_task(uint32_t number, uint32_t attempt = 1) {
    auto out = make_task(number, "null", "puppet", attempt);
    out.clear_agent_hash();
    return out;
  }

  void submit(std::vector<v1::Task> tasks, std::vector<v1::AgentSpec> specs = {}) {
    v1::TaskBatch batch;
    for (auto& x : specs)
      *batch.add_agents() = x;
    for (auto& x : tasks)
      *batch.add_tasks() = x;
    self->send(host, task_batch{std::move(batch)}, sink);
    run();
  }

  void cancel(uint32_t number) {
    v1::CancelBatch batch;
    *batch.add_tasks() = make_cancel(number);
    self->send(host, std::move(batch));
    run();
  }

  std::string exposed() {
    return prometheus::TextSerializer{}.Serialize(metrics->Collect());
  }
};

TEST_F(agent_host_test, runs_an_agent_that_came_with_the_tasks_and_answers_in_one_batch) {
  std::vector<v1::Task> tasks;
  for (uint32_t i = 0; i < 50; ++i)
    tasks.push_back(make_task(i, std::to_string(i), "e"));
  submit(tasks, {make_spec("e", "function", R"({"function": "echo"})", 100)});
  ASSERT_EQ(results.size(), 50u);
  EXPECT_LE(batches.size(), 50u);
  for (auto& x : results) {
    EXPECT_EQ(x.status(), v1::TASK_STATUS_SUCCESS);
    EXPECT_EQ(x.output().data(), std::to_string(x.task()));
    EXPECT_EQ(x.node(), "w1");
    EXPECT_EQ(x.epoch(), 1u);
  }
  // The definition is known from now on.
  submit({make_task(60, "60", "e")});
  EXPECT_EQ(results.size(), 51u);
}

TEST_F(agent_host_test, measures_the_wait_and_the_work) {
  submit({puppet_task(1), puppet_task(2)});
  advance(2s);
  agent.answer();
  run();
  advance(3s);
  agent.answer();
  run();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].timings().run_us(), 2'000'000u);
  EXPECT_EQ(results[1].timings().queued_us(), 2'000'000u);
  EXPECT_EQ(results[1].timings().run_us(), 3'000'000u);
}

TEST_F(agent_host_test, rejects_agents_it_does_not_know_and_kinds_it_does_not_run) {
  submit({make_task(1, "1", "stranger"), make_task(2, "2", "m")}, {make_spec("m", "magic")});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[0].error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(results[1].error().code(), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(results[1].status(), v1::TASK_STATUS_REJECTED);
}

TEST_F(agent_host_test, answers_a_crash_and_runs_what_waits_on_the_restarted_agent) {
  submit({puppet_task(1), puppet_task(2)});
  agent.forget();
  self->send_exit(agent.handle, caf::make_error(ec::agent_crashed, "out of luck"));
  run();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_EQ(results[0].error().message(), "agent crashed: out of luck");
  EXPECT_TRUE(results[0].error().retryable());
  EXPECT_EQ(agent.spawned, 2);
  agent.answer();
  run();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_NE(exposed().find("troupe_agent_restarts_total{agent=\"puppet\"} 1"), std::string::npos);
}

TEST_F(agent_host_test, fails_what_waits_when_the_supervisor_gives_up_and_starts_anew_for_the_next_task) {
  submit({puppet_task(1), puppet_task(2), puppet_task(3), puppet_task(4), puppet_task(5)});
  for (int i = 0; i < 3; ++i) {
    agent.forget();
    self->send_exit(agent.handle, caf::make_error(ec::agent_crashed, "out of luck"));
    run();
  }
  ASSERT_EQ(results.size(), 5u);
  EXPECT_EQ(results[4].error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_NE(results[4].error().message().find("again and again"), std::string::npos);
  submit({puppet_task(6)});
  EXPECT_EQ(agent.spawned, 4);
  agent.answer();
  run();
  EXPECT_EQ(results.size(), 6u);
}

TEST_F(agent_host_test, times_a_task_from_when_its_agent_begins) {
  auto slow = puppet_task(1);
  slow.set_timeout_ms(500);
  auto slower = puppet_task(2);
  slower.set_timeout_ms(700);
  submit({slow, slower});
  advance(499ms);
  EXPECT_TRUE(results.empty());
  advance(1ms);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].status(), v1::TASK_STATUS_TIMED_OUT);
  ASSERT_EQ(agent.cancelled.size(), 1u);
  // The agent has five seconds to let go of the first; another one begins with the second.
  agent.forget();
  advance(5s);
  EXPECT_EQ(agent.spawned, 2);
  advance(699ms);
  EXPECT_EQ(results.size(), 1u);
  advance(1ms);
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].status(), v1::TASK_STATUS_TIMED_OUT);
}

TEST_F(agent_host_test, replaces_an_agent_that_ignores_a_cancellation) {
  submit({puppet_task(1), puppet_task(2)});
  cancel(1);
  ASSERT_EQ(agent.cancelled.size(), 1u);
  agent.forget();
  advance(5s);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].status(), v1::TASK_STATUS_CANCELLED);
  EXPECT_EQ(agent.spawned, 2);
  agent.answer();
  run();
  EXPECT_EQ(results.size(), 2u);
}

TEST_F(agent_host_test, passes_the_newest_progress_on) {
  submit({puppet_task(1)});
  for (auto fraction : {0.25, 0.5}) {
    v1::TaskProgress x;
    x.set_run_id("r1");
    x.set_task(1);
    x.set_attempt(1);
    x.set_fraction(fraction);
    self->send(agent.progress, x);
  }
  run();
  advance(100ms);
  ASSERT_EQ(progress.size(), 1u);
  EXPECT_EQ(progress[0].fraction(), 0.5);
}

TEST_F(agent_host_test, answers_a_drain_when_the_last_task_is_done) {
  submit({puppet_task(1), puppet_task(2)});
  auto drained = self->request(host, 3600s, v1::DrainNode{});
  run();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].status(), v1::TASK_STATUS_REJECTED);
  EXPECT_FALSE(self->has_next_message());
  agent.answer();
  EXPECT_TRUE(reply<v1::Ack>(drained));
  EXPECT_EQ(results.size(), 2u);
}

TEST_F(agent_host_test, sends_its_last_results_before_it_says_that_it_is_drained) {
  submit({puppet_task(1)});
  size_t results_before = 0;
  sys.spawn([&](caf::event_based_actor* me) {
    me->request(host, 3600s, v1::DrainNode{}).then([&](const v1::Ack&) { results_before = results.size(); });
  });
  run();
  agent.answer();
  run();
  EXPECT_EQ(results_before, 1u);
}

TEST_F(agent_host_test, cancels_the_tasks_of_a_sink_that_is_gone) {
  submit({puppet_task(1)});
  stop(sink);
  ASSERT_EQ(agent.cancelled.size(), 1u);
  sink = spawn_sink();
  submit({puppet_task(2)});
  agent.answer();
  run();
  EXPECT_EQ(agent.tasks.size(), 1u);
}

TEST_F(agent_host_test, ends_agents_of_workflows_that_nobody_uses) {
  submit({make_task(1, "1", "e")}, {make_spec("e", "function", R"({"function": "echo"})")});
  EXPECT_NE(exposed().find("troupe_agents_up{kind=\"function\"} 1"), std::string::npos);
  EXPECT_EQ(ask<std::vector<child_status>>(supervisor, list_children{})->size(), 1u);
  advance(61s);
  EXPECT_EQ(ask<std::vector<child_status>>(supervisor, list_children{})->size(), 0u);
  EXPECT_NE(exposed().find("troupe_agents_up{kind=\"function\"} 0"), std::string::npos);
  submit({make_task(2, "2", "e")});
  EXPECT_EQ(results.size(), 2u);
}

TEST_F(agent_host_test, counts_what_an_operator_wants_to_know) {
  submit({make_task(1, "1", "e"), make_task(1, "1", "e"), make_task(2, "{", "e")},
         {make_spec("e", "function", R"({"function": "echo"})")});
  auto text = exposed();
  for (auto* line :
       {"troupe_tasks_started_total{agent=\"e\"} 2", "troupe_tasks_finished_total{agent=\"e\",status=\"success\"} 1",
        "troupe_tasks_finished_total{agent=\"e\",status=\"failed\"} 1", "troupe_host_credits 100",
        "troupe_host_queue_depth 0", "troupe_host_duplicate_tasks_total 1",
        "troupe_task_duration_seconds_count{agent=\"e\"} 2", "troupe_task_queue_seconds_count 2"})
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
}

TEST_F(agent_host_test, bounds_the_names_of_agents_in_its_metrics) {
  std::vector<v1::Task> tasks;
  std::vector<v1::AgentSpec> specs;
  for (uint32_t i = 0; i < 90; ++i)
    for (uint32_t k = 0; k < 3; ++k) {
      auto name = "e" + std::to_string(i * 3 + k);
      specs.push_back(make_spec(name, "function", R"({"function": "echo"})"));
      tasks.push_back(make_task(i * 3 + k, "1", name));
      if (k == 2) {
        submit(std::exchange(tasks, {}), std::exchange(specs, {}));
      }
    }
  EXPECT_NE(exposed().find("troupe_tasks_started_total{agent=\"other\"} 70"), std::string::npos);
}

TEST_F(agent_host_test, passes_an_operation_to_who_sent_the_task_and_its_answer_back) {
  submit({puppet_task(1)});
  run();
  v1::TaskOp op;
  op.set_run_id("r1");
  op.set_task(1);
  op.set_attempt(1);
  op.set_number(1);
  op.mutable_inbox();
  auto request = self->request(caf::actor_cast<operation_sink_actor>(host), caf::infinite, op);
  run();
  ASSERT_EQ(operations.size(), 1u);
  EXPECT_EQ(operations[0].epoch(), 1u);
  v1::OpAnswerBatch answers;
  auto& answer = *answers.add_answers();
  answer.set_run_id("r1");
  answer.set_task(1);
  answer.set_attempt(1);
  answer.set_number(1);
  answer.set_value("7");
  self->send(host, answers);
  auto got = reply<v1::OpAnswer>(request);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->value(), "7");
}

TEST_F(agent_host_test, refuses_the_operation_of_a_task_that_it_does_not_have) {
  v1::TaskOp op;
  op.set_run_id("r1");
  op.set_task(9);
  op.set_attempt(1);
  op.set_number(1);
  auto answer = ask<v1::OpAnswer>(caf::actor_cast<operation_sink_actor>(host), op);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), ec::cancelled);
}

} // namespace
} // namespace troupe
