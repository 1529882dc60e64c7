// What becomes of tasks whose time is up, that are cancelled, or whose agent dies.
#include "tests/runtime/host/host_core_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct host_failures_test : host_core_fixture {};

TEST_F(host_failures_test, lets_an_agent_say_itself_that_its_time_is_over) {
  limits.last_word = milliseconds{20};
  core = std::make_unique<host_core>(limits);
  start_agent();
  auto task = make_task(1);
  task.set_timeout_ms(500);
  core->submit(std::move(task), 0, now);
  take<run_task>();
  core->tick(now + 500 * ms);
  EXPECT_TRUE(take<answer>().empty());
  auto said = make_result(1);
  said.set_status(v1::TASK_STATUS_TIMED_OUT);
  said.mutable_error()->set_code(v1::ERROR_CODE_TIMED_OUT);
  said.mutable_error()->set_message("it said something else");
  core->finished(std::move(said), now + 501 * ms);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->error().message(), "it said something else");
}

TEST_F(host_failures_test, times_out_a_task_by_the_time_that_its_agent_takes) {
  start_agent();
  auto first = make_task(1);
  first.set_timeout_ms(50);
  core->submit(std::move(first), 7, now);
  core->take_actions();
  EXPECT_EQ(core->next_deadline(), now + 50 * ms);
  core->tick(now + 50 * ms);
  auto actions = core->take_actions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(std::get<cancel_task>(actions[0]).task.task(), 1u);
  EXPECT_EQ(std::get<answer>(actions[1]).result->error().code(), v1::ERROR_CODE_TIMED_OUT);
}

TEST_F(host_failures_test, gives_the_agent_all_of_the_time_however_long_the_task_waited) {
  start_agent();
  core->submit(make_task(1), 7, now);
  auto second = make_task(2);
  second.set_timeout_ms(50);
  core->submit(std::move(second), 7, now);
  core->take_actions();
  core->tick(now + 60 * ms);
  core->finished(make_result(1), now + 60 * ms);
  EXPECT_EQ(take<run_task>().at(0).task->timeout_ms(), 50u);
  EXPECT_EQ(core->next_deadline(), now + 110 * ms);
}

TEST_F(host_failures_test, keeps_the_place_of_a_timed_out_task_until_its_agent_is_done) {
  start_agent();
  auto slow = make_task(1);
  slow.set_timeout_ms(50);
  core->submit(std::move(slow), 7, now);
  core->tick(now += 50 * ms);
  core->submit(make_task(2), 7, now);
  EXPECT_TRUE(take<run_task>().at(0).task->task() == 1);
  core->finished(make_result(1), now += ms);
  auto actions = core->take_actions();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_EQ(std::get<run_task>(actions[0]).task->task(), 2u);
  EXPECT_EQ(core->counters().late_results, 1u);
}

TEST_F(host_failures_test, replaces_an_instance_that_ignores_a_cancellation) {
  auto hung = start_agent(2);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->cancel(make_cancel(1), now);
  EXPECT_TRUE(take<answer>().empty());
  core->tick(now += 100 * ms);
  auto actions = core->take_actions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(std::get<answer>(actions[0]).result->status(), v1::TASK_STATUS_CANCELLED);
  EXPECT_EQ(std::get<answer>(actions[0]).result->error().message(), "not needed");
  EXPECT_EQ(std::get<abandon_instance>(actions[1]).instance, hung);
  EXPECT_EQ(std::get<answer>(actions[2]).result->error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  core->submit(make_task(3), 7, now);
  // As many instances hang as may: no other one, and nobody waits for one.
  auto rejected = take<answer>();
  ASSERT_EQ(rejected.size(), 1u);
  EXPECT_EQ(rejected[0].result->status(), v1::TASK_STATUS_REJECTED);
  core->instance_down(hung, "killed", now);
  core->submit(make_task(4), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
}

TEST_F(host_failures_test, cancels_waiting_tasks_at_once_and_asks_agents_about_running_ones) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->take_actions();
  core->cancel(make_cancel(2), now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_CANCELLED);
  core->cancel(make_cancel(1, 5), now);
  EXPECT_TRUE(core->take_actions().empty());
  core->cancel(make_cancel(1), now);
  core->cancel(make_cancel(1), now);
  EXPECT_EQ(take<cancel_task>().size(), 1u);
  // It was done already.
  core->finished(make_result(1), now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_SUCCESS);
}

TEST_F(host_failures_test, answers_the_tasks_of_a_crashed_instance_and_waits_for_its_return) {
  auto id = start_agent(2);
  for (uint32_t i = 1; i <= 3; ++i)
    core->submit(make_task(i), 7, now);
  core->take_actions();
  core->instance_down(id, "out of luck", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_EQ(answers[0].result->error().message(), "agent crashed: out of luck");
  EXPECT_TRUE(answers[0].result->error().retryable());
  core->instance_up(id, now);
  EXPECT_EQ(take<run_task>().at(0).task->task(), 3u);
}

TEST_F(host_failures_test, fails_waiting_tasks_when_the_supervisor_gives_up_and_starts_anew_later) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  auto agent = uint64_t{1};
  core->take_actions();
  core->agent_gone(agent, "too many crashes", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].result->error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  core->submit(make_task(3), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
}

TEST_F(host_failures_test, fails_tasks_of_an_agent_that_cannot_be_made) {
  core->learn(make_spec("a"), now);
  core->submit(make_task(1), 7, now);
  v1::Error why;
  why.set_code(v1::ERROR_CODE_INVALID_INPUT);
  why.set_message("no script");
  core->instance_failed(take<start_instance>().at(0).instance, why, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(answers[0].result->error().message(), "no script");
  core->submit(make_task(2), 7, now);
  why.set_code(v1::ERROR_CODE_FORBIDDEN);
  core->instance_failed(take<start_instance>().at(0).instance, why, now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_REJECTED);
}

TEST_F(host_failures_test, runs_an_attempt_that_it_has_rejected_when_it_comes_again) {
  core->learn(make_spec("a"), now);
  core->submit(make_task(1), 7, now);
  v1::Error why;
  why.set_code(v1::ERROR_CODE_UNAVAILABLE);
  core->instance_failed(take<start_instance>().at(0).instance, why, now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_REJECTED);
  core->submit(make_task(1), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  EXPECT_EQ(take<run_task>().size(), 1u);
  core->finished(make_result(1), now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_SUCCESS);
}

} // namespace
} // namespace troupe
