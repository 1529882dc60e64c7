#include "actors/agents/agent_catalog.hpp"
#include "actors/agents/builtin_kinds.hpp"
#include "tests/actors/agents/agent_samples.hpp"
#include "tests/actors/agents/threaded_fixture.hpp"
#include "tests/support/actor_fixture.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <latch>
#include <thread>

namespace troupe {
namespace {

using test::make_cancel;
using test::make_spec;
using test::make_task;

struct function_agent_test : test::actor_fixture {
  std::shared_ptr<agent_catalog> catalog = std::make_shared<agent_catalog>();
  agent_kinds kinds;
  agent_context context;

  function_agent_test() {
    kinds.add("function", std::make_shared<function_kind>(catalog));
    context.system = &sys;
    context.node = "w1";
    catalog->functions().add(
        "double", [](const task_input& in) -> result<task_output> { return json(in.input().get<int>() * 2); });
    catalog->functions().add("throw",
                             [](const task_input&) -> result<task_output> { throw std::runtime_error("out of luck"); });
  }

  agent_actor spawn(const v1::AgentSpec& spec) {
    auto out = kinds.spawn(spec, context);
    if (!out)
      throw std::runtime_error(out.error().message);
    return *out;
  }
};

TEST_F(function_agent_test, answers_requests) {
  auto agent = spawn(make_spec("double", "function"));
  auto out = ask<v1::TaskResult>(agent, make_task(1, "21"));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->output().data(), "42");
  stop(agent);
}

TEST_F(function_agent_test, answers_as_many_at_once_as_its_concurrency) {
  auto agent = spawn(make_spec("twice", "function", R"({"function": "double"})", 3));
  for (uint32_t i = 0; i < 10; ++i)
    self->send(agent, make_task(i, std::to_string(i)));
  run();
  std::map<uint32_t, std::string> answers;
  while (answers.size() < 10 && self->has_next_message())
    self->receive([&](v1::TaskResult& x) { answers.emplace(x.task(), x.output().data()); });
  ASSERT_EQ(answers.size(), 10u);
  for (uint32_t i = 0; i < 10; ++i)
    EXPECT_EQ(answers[i], std::to_string(2 * i));
  stop(agent);
}

TEST_F(function_agent_test, ends_with_what_its_function_throws) {
  for (uint32_t concurrency : {1, 2}) {
    auto agent = spawn(make_spec("throw", "function", "{}", concurrency));
    self->monitor(agent);
    self->send(agent, make_task(1));
    run();
    std::string reason;
    self->receive([&](caf::down_msg& x) { reason = from_caf(x.reason).message; });
    EXPECT_EQ(reason, "out of luck");
  }
}

TEST_F(function_agent_test, refuses_functions_and_kinds_that_the_node_does_not_have) {
  auto no_function = kinds.spawn(make_spec("nothing", "function"), context);
  ASSERT_FALSE(no_function);
  EXPECT_EQ(no_function.error().code, v1::ERROR_CODE_NOT_FOUND);
  auto no_kind = kinds.spawn(make_spec("x", "magic"), context);
  ASSERT_FALSE(no_kind);
  EXPECT_EQ(no_kind.error().code, v1::ERROR_CODE_FORBIDDEN);
}

TEST_F(function_agent_test, refuses_settings_that_are_no_settings) {
  for (auto* settings : {"[", "[]", R"({"function": 1})"}) {
    auto out = kinds.spawn(make_spec("double", "function", settings), context);
    ASSERT_FALSE(out) << settings;
    EXPECT_EQ(out.error().code, v1::ERROR_CODE_INVALID_INPUT);
  }
}

TEST_F(function_agent_test, spawns_actors_that_the_program_brings) {
  catalog->add_actor("mine", [](const v1::AgentSpec&, const agent_context& c) -> result<agent_actor> {
    return c.system->spawn([]() -> agent_actor::behavior_type {
      return {
          [](const v1::Task& task) {
            auto out = result_for(task);
            out.mutable_output()->set_data("\"mine\"");
            return out;
          },
          [](const v1::CancelTask&) {},
      };
    });
  });
  auto agent = spawn(make_spec("x", "function", R"({"function": "mine"})"));
  auto out = ask<v1::TaskResult>(agent, make_task(1));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->output().data(), "\"mine\"");
  stop(agent);
}

TEST_F(function_agent_test, runs_lua_scripts) {
  kinds = *make_builtin_kinds(catalog);
  auto agent = spawn(make_spec("scorer", "lua", R"({"script": "return {quality = #input / 10}"})", 2));
  auto out = ask<v1::TaskResult>(agent, make_task(1, R"("four")"));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->output().data(), R"({"quality":0.4})");
  EXPECT_EQ(out->quality(), 0.4);
  stop(agent);
  EXPECT_FALSE(kinds.spawn(make_spec("scorer", "lua", R"({"script": "return ("})"), context));
  EXPECT_FALSE(kinds.spawn(make_spec("scorer", "lua"), context));
}

struct blocking_function_test : test::threaded_fixture {
  std::shared_ptr<agent_catalog> catalog = std::make_shared<agent_catalog>();
  agent_context context;

  blocking_function_test() {
    context.system = &sys;
  }

  agent_actor spawn(const v1::AgentSpec& spec) {
    auto out = function_kind{catalog}.spawn(spec, context);
    if (!out)
      throw std::runtime_error(out.error().message);
    return *out;
  }
};

TEST_F(blocking_function_test, runs_several_at_once_on_threads_of_their_own) {
  // Each waits for all: only possible when none of them blocks another.
  std::latch all{4};
  catalog->functions().add("meet",
                           [&](const task_input&) -> result<task_output> {
                             all.arrive_and_wait();
                             return json("met");
                           },
                           {.blocking = true});
  auto agent = spawn(make_spec("meet", "function", "{}", 4));
  for (uint32_t i = 0; i < 4; ++i)
    self->send(agent, make_task(i));
  for (uint32_t i = 0; i < 4; ++i) {
    auto out = next<v1::TaskResult>();
    ASSERT_TRUE(out);
    EXPECT_EQ(out->output().data(), "\"met\"");
  }
  stop(agent);
}

TEST_F(blocking_function_test, sees_the_cancellation_and_answers_those_that_wait_at_once) {
  std::latch begun{1};
  catalog->functions().add("wait",
                           [&](const task_input& in) -> result<task_output> {
                             begun.count_down();
                             while (!in.cancelled())
                               std::this_thread::yield();
                             return fail(v1::ERROR_CODE_CANCELLED, "stopped");
                           },
                           {.blocking = true});
  auto agent = spawn(make_spec("wait", "function"));
  self->send(agent, make_task(1));
  self->send(agent, make_task(2));
  begun.wait();
  self->send(agent, make_cancel(2));
  auto waiting = next<v1::TaskResult>();
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->task(), 2u);
  EXPECT_EQ(waiting->status(), v1::TASK_STATUS_CANCELLED);
  self->send(agent, make_cancel(1));
  auto running = next<v1::TaskResult>();
  ASSERT_TRUE(running);
  EXPECT_EQ(running->error().message(), "stopped");
  stop(agent);
}

TEST_F(blocking_function_test, ends_its_agent_with_what_it_throws) {
  catalog->functions().add("throw",
                           [](const task_input&) -> result<task_output> { throw std::runtime_error("out of luck"); },
                           {.blocking = true});
  auto agent = spawn(make_spec("throw", "function"));
  self->monitor(agent);
  self->send(agent, make_task(1));
  auto down = next<caf::down_msg>();
  ASSERT_TRUE(down);
  EXPECT_EQ(from_caf(down->reason).message, "out of luck");
}

} // namespace
} // namespace troupe
