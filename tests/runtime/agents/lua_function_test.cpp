#include "runtime/agents/lua/lua_function.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

v1::TaskResult run(std::string_view script, std::string input, const lua_limits& limits = {}) {
  auto fn = lua_function::make(script, limits);
  if (!fn)
    throw std::runtime_error(fn.error().message);
  v1::Task task;
  task.set_run_id("r1");
  task.set_attempt(2);
  task.set_step("score[1]");
  task.set_agent("scorer");
  task.mutable_input()->set_data(std::move(input));
  return run_function(**fn, task, {});
}

TEST(lua_function, works_on_its_input) {
  auto out = run("return {words = #input.text, doubled = input.n * 2}", R"({"text": "abc", "n": 4})");
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().data(), R"({"doubled":8,"words":3})");
}

TEST(lua_function, knows_its_task) {
  auto out = run("return context.step .. ' ' .. context.attempt", "null");
  EXPECT_EQ(out.output().data(), R"("score[1] 2")");
}

TEST(lua_function, takes_judgements_from_its_output) {
  auto out = run("return {quality = 0.75, confidence = 7}", "null");
  EXPECT_EQ(out.quality(), 0.75);
  EXPECT_FALSE(out.has_confidence());
}

TEST(lua_function, fails_its_task_for_good_when_the_script_fails) {
  auto out = run("return input.a.b", "{}");
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_FALSE(out.error().retryable());
}

TEST(lua_function, raises_an_error_with_its_code_and_whether_to_try_again) {
  auto out = run("error({code = 'unavailable', message = 'the shelf is empty', retryable = true})\nreturn 1", "{}");
  EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_EQ(out.error().message(), "agent \"scorer\": the shelf is empty");
  EXPECT_TRUE(out.error().retryable());
  out = run("error({message = 'no', code = 'odd'})\nreturn 1", "{}");
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_EQ(out.error().message(), "agent \"scorer\": odd: no");
  EXPECT_EQ(run("error({code = 'cancelled'})\nreturn 1", "{}").status(), v1::TASK_STATUS_FAILED);
  EXPECT_FALSE(out.error().retryable());
}

TEST(lua_function, survives_errors_of_every_shape) {
  EXPECT_EQ(run("error({1, 2})\nreturn 1", "{}").error().message(),
            "agent \"scorer\": script: an error that is a table and no text");
  EXPECT_EQ(run("error({code = 7, retryable = 'yes'})\nreturn 1", "{}").error().message(),
            "agent \"scorer\": the agent gave no reason");
  for (const auto* script : {"local t = {} t.t = t error(t) return 1", "error(nil) return 1", "error(print) return 1",
                             "error({}) return 1"}) {
    auto out = run(script, "{}");
    EXPECT_EQ(out.error().code(), v1::ERROR_CODE_AGENT_FAILED) << script;
    EXPECT_FALSE(out.error().message().empty()) << script;
    EXPECT_FALSE(out.error().retryable()) << script;
  }
  EXPECT_LE(run("error({message = string.rep('x', 100000)})\nreturn 1", "{}").error().message().size(), 5'000U);
}

TEST(lua_function, stops_a_script_that_does_not_end) {
  auto out = run("while true do end return 1", "{}", {.instructions = 10'000});
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_AGENT_FAILED);
}

TEST(lua_function, refuses_a_script_that_does_not_compile) {
  auto fn = lua_function::make("return (");
  ASSERT_FALSE(fn);
  EXPECT_EQ(fn.error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(lua_function, does_operations_during_a_turn) {
  auto fn = lua_function::make("local a = team{op = 'ask', to = 'b', content = 'n?'}; "
                               "local _, why, code = team{op = 'put', artifact = 'x', value = a.content}; "
                               "return {turn.role, a.content, why, code}");
  ASSERT_TRUE(fn);
  v1::Task task;
  task.set_agent("a");
  task.mutable_turn()->set_role("writer");
  task.mutable_turn()->set_context(R"({"role": "writer"})");
  task_environment env;
  env.operate = [](v1::TaskOp op) -> result<v1::OpAnswer> {
    v1::OpAnswer out;
    if (op.has_ask() && op.number() == 1)
      out.set_value(R"({"content": 42})");
    else
      *out.mutable_error() = error{v1::ERROR_CODE_CONFLICT, "too late", false}.to_proto();
    return out;
  };
  auto out = run_function(**fn, task, env);
  EXPECT_EQ(out.output().data(), R"(["writer",42,"too late","conflict"])") << out.error().message();
}

TEST(lua_function, cannot_wait_where_nobody_listens) {
  auto fn = lua_function::make("local _, why = team{op = 'inbox'}; return why");
  v1::Task task;
  task.mutable_turn()->set_role("writer");
  auto out = run_function(**fn, task, {});
  EXPECT_NE(out.output().data().find("cannot wait"), std::string::npos) << out.output().data();
}

TEST(lua_function, has_no_team_outside_of_one) {
  auto out = run("return team == nil", "null");
  EXPECT_EQ(out.output().data(), "true");
}

TEST(lua_function, knows_by_its_words_whether_it_waits) {
  EXPECT_TRUE(lua_function::waits("local x = team{op = 'inbox'} return x"));
  EXPECT_FALSE(lua_function::waits("return input.team"));
}

} // namespace
} // namespace troupe
