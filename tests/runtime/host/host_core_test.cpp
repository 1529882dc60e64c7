#include "tests/runtime/host/host_core_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct host_core_test : host_core_fixture {};

TEST_F(host_core_test, starts_an_agent_for_its_first_task_and_answers_with_timings) {
  core->learn(make_spec("a"), now);
  core->submit(make_task(1), 7, now);
  auto started = take<start_instance>();
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0].spec->name(), "a");
  core->instance_up(started[0].instance, now += 3 * ms);
  auto running = take<run_task>();
  ASSERT_EQ(running.size(), 1u);
  EXPECT_EQ(running[0].instance, started[0].instance);
  core->finished(make_result(1), now += 5 * ms);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].sink, 7u);
  EXPECT_TRUE(answers[0].started);
  EXPECT_EQ(answers[0].result->status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(answers[0].result->epoch(), 1u);
  EXPECT_EQ(answers[0].result->node(), "w1");
  EXPECT_EQ(answers[0].result->timings().queued_us(), 3'000u);
  EXPECT_EQ(answers[0].result->timings().run_us(), 5'000u);
}

TEST_F(host_core_test, rejects_agents_it_does_not_know) {
  core->submit(make_task(1), 7, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->status(), v1::TASK_STATUS_REJECTED);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(host_core_test, finds_its_own_agents_by_name) {
  core->bring(make_spec("own"));
  auto task = make_task(1, 1, "own");
  task.clear_agent_hash();
  core->submit(std::move(task), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
}

TEST_F(host_core_test, gives_an_instance_no_more_than_its_concurrency) {
  start_agent(2, 1);
  for (uint32_t i = 0; i < 5; ++i)
    core->submit(make_task(i), 7, now);
  EXPECT_EQ(take<run_task>().size(), 2u);
  core->finished(make_result(0), now);
  EXPECT_EQ(take<run_task>().size(), 1u);
}

TEST_F(host_core_test, starts_replicas_only_for_tasks_that_wait) {
  core->learn(make_spec("a", 1, 3), now);
  core->submit(make_task(0), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->submit(make_task(3), 7, now);
  auto more = take<start_instance>();
  ASSERT_EQ(more.size(), 2u);
  core->instance_up(more[0].instance, now);
  core->instance_up(more[1].instance, now);
  auto running = take<run_task>();
  ASSERT_EQ(running.size(), 2u);
  EXPECT_NE(running[0].instance, running[1].instance);
}

TEST_F(host_core_test, takes_higher_priorities_first_and_equal_ones_in_order) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->take_actions();
  for (uint32_t i = 2; i <= 5; ++i) {
    auto task = make_task(i);
    task.set_priority(i >= 4 ? 10 : 0);
    core->submit(std::move(task), 7, now);
  }
  std::vector<uint32_t> order;
  for (uint32_t running = 1; order.size() < 4; running = order.back()) {
    core->finished(make_result(running), now);
    order.push_back(take<run_task>().at(0).task->task());
  }
  EXPECT_EQ(order, (std::vector<uint32_t>{4, 5, 2, 3}));
}

TEST_F(host_core_test, runs_a_task_that_comes_twice_once) {
  start_agent(4);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(1), 7, now);
  EXPECT_EQ(take<run_task>().size(), 1u);
  core->finished(make_result(1), now);
  core->submit(make_task(1), 7, now);
  auto answers = take<answer>();
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(core->counters().duplicates, 2u);
}

TEST_F(host_core_test, answers_to_where_the_owner_asked_last) {
  start_agent();
  core->submit(make_task(1), 7, now);
  auto again = make_task(1);
  again.set_epoch(2);
  core->submit(std::move(again), 8, now);
  core->finished(make_result(1), now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].sink, 8u);
  EXPECT_EQ(answers[0].result->epoch(), 2u);
}

TEST_F(host_core_test, tells_a_new_owner_that_the_result_went_to_the_old_one) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->finished(make_result(1), now);
  core->take_actions();
  core->submit(make_task(1), 8, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(answers[0].result->error().retryable());
}

TEST_F(host_core_test, lets_a_newer_attempt_supersede_an_older_one) {
  start_agent(2);
  core->submit(make_task(1, 1), 7, now);
  core->take_actions();
  core->submit(make_task(1, 2), 7, now);
  auto actions = core->take_actions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(std::get<cancel_task>(actions[0]).task.attempt(), 1u);
  EXPECT_EQ(std::get<answer>(actions[1]).result->status(), v1::TASK_STATUS_CANCELLED);
  EXPECT_EQ(std::get<answer>(actions[1]).result->attempt(), 1u);
  EXPECT_EQ(std::get<run_task>(actions[2]).task->attempt(), 2u);
  core->finished(make_result(1, 1), now);
  EXPECT_EQ(take<answer>().size(), 0u);
  core->finished(make_result(1, 2), now);
  EXPECT_EQ(take<answer>().size(), 1u);
}

TEST_F(host_core_test, rejects_attempts_older_than_the_newest) {
  start_agent(2);
  core->submit(make_task(1, 2), 7, now);
  core->take_actions();
  core->submit(make_task(1, 1), 7, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->status(), v1::TASK_STATUS_REJECTED);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_FENCED);
}

TEST_F(host_core_test, rejects_what_is_above_its_capacity_and_takes_it_later) {
  start_agent();
  for (uint32_t i = 0; i < 9; ++i)
    core->submit(make_task(i), 7, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->task(), 8u);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_EQ(core->load().credits, 0u);
  core->finished(make_result(0), now);
  core->take_actions();
  core->submit(make_task(8), 7, now);
  EXPECT_TRUE(take<answer>().empty());
}

TEST_F(host_core_test, bounds_the_bytes_that_wait) {
  start_agent();
  for (uint32_t i = 0; i < 3; ++i) {
    auto task = make_task(i);
    task.mutable_input()->set_data(std::string(60, 'x'));
    core->submit(std::move(task), 7, now);
  }
  // The first one runs and the second one waits.
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->task(), 2u);
}

TEST_F(host_core_test, finishes_what_runs_and_rejects_the_rest_when_draining) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->take_actions();
  core->drain(now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_REJECTED);
  core->submit(make_task(3), 7, now);
  EXPECT_EQ(take<answer>().at(0).result->error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_FALSE(core->drained());
  core->finished(make_result(1), now);
  EXPECT_EQ(take<answer>().at(0).result->status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_TRUE(core->drained());
}

TEST_F(host_core_test, cancels_everything_of_a_sink_that_is_gone) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->submit(make_task(3), 8, now);
  core->take_actions();
  core->drop_sink(7, now);
  auto actions = core->take_actions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(std::get<cancel_task>(actions[0]).task.task(), 1u);
  EXPECT_EQ(core->load().queued, 1u);
  core->finished(make_result(1), now);
  EXPECT_EQ(take<run_task>().at(0).task->task(), 3u);
}

TEST_F(host_core_test, ends_agents_of_workflows_that_nobody_uses) {
  start_agent();
  core->submit(make_task(1), 7, now += 600 * ms);
  core->take_actions();
  core->tick(now += 500 * ms);
  core->finished(make_result(1), now);
  core->take_actions();
  core->tick(now + 999 * ms);
  EXPECT_TRUE(core->take_actions().empty());
  core->tick(now += 1'000 * ms);
  EXPECT_EQ(take<stop_agent>().size(), 1u);
  EXPECT_EQ(core->next_deadline(), std::nullopt);
  core->submit(make_task(2), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
}

TEST_F(host_core_test, forgets_the_definition_not_used_for_longest) {
  limits.max_definitions = 2;
  core = std::make_unique<host_core>(limits);
  core->learn(make_spec("a"), 1);
  core->learn(make_spec("b"), 2);
  core->learn(make_spec("a"), 3);
  core->learn(make_spec("c"), 4);
  core->submit(make_task(1, 1, "b"), 7, now);
  EXPECT_EQ(take<answer>().size(), 1u);
  core->submit(make_task(2, 1, "a"), 7, now);
  EXPECT_EQ(take<start_instance>().size(), 1u);
}

TEST_F(host_core_test, refuses_definitions_that_are_too_large) {
  limits.max_definition_bytes = 100;
  core = std::make_unique<host_core>(limits);
  auto spec = make_spec("a");
  spec.set_config_json(std::string(200, ' '));
  EXPECT_FALSE(core->learn(spec, now));
}

TEST_F(host_core_test, knows_where_progress_goes_while_the_task_is_open) {
  start_agent();
  core->submit(make_task(1), 7, now);
  v1::TaskProgress x;
  x.set_run_id("r");
  x.set_task(1);
  x.set_attempt(1);
  EXPECT_EQ(core->progress_sink(x), 7u);
  core->finished(make_result(1), now);
  EXPECT_EQ(core->progress_sink(x), std::nullopt);
}

TEST_F(host_core_test, checks_what_agents_answer) {
  start_agent();
  core->submit(make_task(1), 7, now);
  core->finished(make_result(1, 1, "{"), now);
  EXPECT_EQ(take<answer>().at(0).result->error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
}

TEST_F(host_core_test, rejects_tasks_without_identity) {
  v1::Task nobody;
  core->submit(std::move(nobody), 7, now);
  EXPECT_EQ(take<answer>().at(0).result->error().code(), v1::ERROR_CODE_INVALID_INPUT);
}

} // namespace
} // namespace troupe
