#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using test::run_harness;
using ::testing::HasSubstr;

constexpr const char* retrying = R"(
workflow: retrying
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - id: x
    agent: w
    retry: {initial_interval: 100ms, backoff_coefficient: 2, maximum_interval: 1s, maximum_attempts: 3, jitter: 0}
)";

TEST(attempts, are_repeated_with_the_same_key_and_growing_waits) {
  run_harness run{retrying};
  auto first = *run.next_task();
  EXPECT_EQ(first.attempt(), 1U);
  run.fail(first, v1::ERROR_CODE_AGENT_FAILED, true);
  EXPECT_TRUE(run.tasks.empty());
  auto begun = run.now;
  ASSERT_TRUE(run.fire_next_timer());
  EXPECT_EQ(run.now - begun, 100);
  auto second = *run.next_task();
  EXPECT_EQ(second.attempt(), 2U);
  EXPECT_EQ(second.task(), first.task());
  EXPECT_EQ(second.idempotency_key(), first.idempotency_key());
  run.fail(second, v1::ERROR_CODE_AGENT_FAILED, true);
  begun = run.now;
  ASSERT_TRUE(run.fire_next_timer());
  EXPECT_EQ(run.now - begun, 200);
  run.fail(*run.next_task(), v1::ERROR_CODE_AGENT_FAILED, true);
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
}

TEST(attempts, stop_at_a_failure_that_must_come_again) {
  run_harness run{retrying};
  run.fail(*run.next_task(), v1::ERROR_CODE_INVALID_INPUT, true);
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
}

TEST(attempts, stop_when_the_agent_says_that_it_is_no_use) {
  run_harness run{retrying};
  run.fail(*run.next_task(), v1::ERROR_CODE_AGENT_FAILED, false);
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
}

TEST(attempts, are_sent_again_at_once_when_their_node_is_lost_and_cost_no_retry) {
  run_harness run{R"(
workflow: once
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w}]
)"};
  auto first = *run.next_task();
  run.lose(first);
  auto second = *run.next_task();
  EXPECT_EQ(second.attempt(), 2U);
  EXPECT_EQ(second.idempotency_key(), first.idempotency_key());
  EXPECT_FALSE(run.succeed(first, 1)) << "the lost attempt must not count any more";
  EXPECT_TRUE(run.succeed(second, 2));
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.output(), (json{{"x", 2}}));
}

TEST(attempts, end_when_a_task_takes_one_node_after_another_down) {
  run_harness run{R"(
workflow: poison
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w, retry: {maximum_attempts: 9}}]
)"};
  int sent = 0;
  while (auto task = run.next_task()) {
    ++sent;
    run.lose(*task);
  }
  EXPECT_EQ(sent, 5);
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_AGENT_CRASHED);
}

TEST(attempts, count_once_however_often_the_result_comes) {
  run_harness run{R"(
workflow: twice
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w}, {id: y, agent: w, needs: [x]}]
)"};
  auto task = *run.next_task();
  EXPECT_TRUE(run.succeed(task, 1));
  EXPECT_FALSE(run.succeed(task, 2));
  EXPECT_EQ(run.tasks.size(), 1U);
}

TEST(attempts, of_another_epoch_do_not_count) {
  run_harness run{retrying};
  auto before = *run.next_task();
  ASSERT_TRUE(run.resume(2));
  auto after = *run.next_task();
  EXPECT_EQ(after.epoch(), 2U);
  EXPECT_EQ(after.attempt(), before.attempt() + 1);
  EXPECT_EQ(after.idempotency_key(), before.idempotency_key());
  EXPECT_FALSE(run.succeed(before, 1));
  EXPECT_TRUE(run.succeed(after, 2));
}

TEST(attempts, that_wait_for_a_retry_are_not_sent_by_a_resume) {
  run_harness run{retrying};
  run.fail(*run.next_task(), v1::ERROR_CODE_AGENT_FAILED, true);
  run.resume(2);
  EXPECT_TRUE(run.tasks.empty());
  ASSERT_TRUE(run.fire_next_timer());
  EXPECT_EQ(run.next_task()->attempt(), 2U);
}

TEST(attempts, check_the_output_against_the_agents_schema) {
  run_harness run{R"(
workflow: typed
agents:
  w: {kind: lua, script: "return 1", output: {type: object, required: [score]}}
steps: [{id: x, agent: w}]
)"};
  run.succeed(*run.next_task(), {{"text", "no score"}});
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("score"));
}

TEST(attempts, refuse_an_output_that_is_no_json) {
  run_harness run{R"(
workflow: garbage
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w}]
)"};
  auto task = *run.next_task();
  v1::TaskResult result;
  result.set_status(v1::TASK_STATUS_SUCCESS);
  result.mutable_output()->set_data("{\"half\":");
  run.answer(task, result);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_INVALID_OUTPUT);
}

} // namespace
} // namespace troupe
