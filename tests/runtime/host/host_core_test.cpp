#include "runtime/host/host_core.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using namespace host_action;

constexpr int64_t ms = 1'000;

v1::AgentSpec make_spec(std::string name, uint32_t concurrency = 1, uint32_t replicas = 1) {
  v1::AgentSpec out;
  out.set_name(name);
  out.set_kind("function");
  out.set_hash("hash of " + name);
  out.set_concurrency(concurrency);
  out.set_replicas(replicas);
  return out;
}

struct host_core_test : ::testing::Test {
  host_limits limits{.node = "w1",
                     .capacity = 8,
                     .max_queued_bytes = 100,
                     .max_output_bytes = 100,
                     .cancel_grace = milliseconds{100},
                     .max_hung = 1,
                     .idle_timeout = milliseconds{1'000},
                     .max_answered = 4};
  std::unique_ptr<host_core> core = std::make_unique<host_core>(limits);
  int64_t now = 5'000 * ms;

  v1::Task make_task(uint32_t number, uint32_t attempt = 1, std::string agent = "a") {
    v1::Task out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_epoch(1);
    out.set_agent(agent);
    out.set_agent_hash("hash of " + agent);
    return out;
  }

  v1::TaskResult make_result(uint32_t number, uint32_t attempt = 1, std::string output = "1") {
    v1::TaskResult out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_status(v1::TASK_STATUS_SUCCESS);
    out.mutable_output()->set_data(std::move(output));
    return out;
  }

  v1::CancelTask make_cancel(uint32_t number, uint32_t attempt = 1) {
    v1::CancelTask out;
    out.set_run_id("r");
    out.set_task(number);
    out.set_attempt(attempt);
    out.set_reason("not needed");
    return out;
  }

  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    for (auto& x : core->take_actions())
      if (auto* y = std::get_if<T>(&x))
        out.push_back(std::move(*y));
    return out;
  }

  /// Learns agent "a" and brings its first instance up; returns that one's number.
  uint64_t start_agent(uint32_t concurrency = 1, uint32_t replicas = 1) {
    core->learn(make_spec("a", concurrency, replicas), now);
    core->submit(make_task(1'000), 0, now);
    auto started = take<start_instance>();
    EXPECT_EQ(started.size(), 1u);
    core->instance_up(started.at(0).instance, now);
    core->finished(make_result(1'000), now);
    core->take_actions();
    return started.at(0).instance;
  }
};

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

TEST_F(host_core_test, times_out_a_task_by_the_time_that_its_agent_takes) {
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

TEST_F(host_core_test, gives_the_agent_all_of_the_time_however_long_the_task_waited) {
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

TEST_F(host_core_test, keeps_the_place_of_a_timed_out_task_until_its_agent_is_done) {
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

TEST_F(host_core_test, replaces_an_instance_that_ignores_a_cancellation) {
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

TEST_F(host_core_test, cancels_waiting_tasks_at_once_and_asks_agents_about_running_ones) {
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

TEST_F(host_core_test, answers_the_tasks_of_a_crashed_instance_and_waits_for_its_return) {
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

TEST_F(host_core_test, fails_waiting_tasks_when_the_supervisor_gives_up_and_starts_anew_later) {
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

TEST_F(host_core_test, fails_tasks_of_an_agent_that_cannot_be_made) {
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

TEST_F(host_core_test, runs_an_attempt_that_it_has_rejected_when_it_comes_again) {
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

// --- serial agents ---

TEST_F(host_core_test, gives_a_quick_serial_agent_some_tasks_ahead) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  for (uint32_t i = 1; i < 4; ++i)
    core->submit(make_task(i), 7, now);
  EXPECT_EQ(take<run_task>().size(), 1u) << "nobody knows yet how quick it is";
  core->finished(make_result(0), now += 10);
  EXPECT_EQ(take<run_task>().size(), 3u);
}

TEST_F(host_core_test, gives_a_slow_serial_agent_one_task_at_a_time) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  for (uint32_t i = 1; i < 4; ++i)
    core->submit(make_task(i), 7, now);
  core->take_actions();
  core->finished(make_result(0), now += 5 * ms);
  EXPECT_EQ(take<run_task>().size(), 1u);
}

TEST_F(host_core_test, counts_the_time_of_a_task_given_ahead_from_its_turn) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->finished(make_result(0), now += 10);
  core->finished(make_result(1), now += 20);
  core->take_actions();
  core->finished(make_result(2), now += 30);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->timings().run_us(), 30u);
  EXPECT_EQ(answers[0].result->timings().queued_us(), 30u);
}

TEST_F(host_core_test, blames_a_crash_on_the_task_whose_turn_it_was_and_gives_the_others_back) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  auto instance = take<start_instance>().at(0).instance;
  core->instance_up(instance, now);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->finished(make_result(0), now += 10);
  core->take_actions();
  core->instance_down(instance, "poison", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].result->task(), 1u);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_EQ(answers[1].result->task(), 2u);
  EXPECT_EQ(answers[1].result->status(), v1::TASK_STATUS_REJECTED) << "safe to send again";
}

TEST_F(host_core_test, takes_results_by_ticket_and_the_time_that_the_agent_tells) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(1'000), 0, now);
  auto instance = take<start_instance>().at(0).instance;
  core->instance_up(instance, now);
  core->finished(take<run_task>().at(0).ticket, std::make_unique<v1::TaskResult>(make_result(0)), 2, now);
  core->take_actions();
  for (uint32_t i = 1; i <= 3; ++i)
    core->submit(make_task(i), 7, now);
  auto running = take<run_task>();
  ASSERT_EQ(running.size(), 3u) << "a quick one is given work ahead";
  now += 100;
  for (auto& x : running)
    core->finished(x.ticket, std::make_unique<v1::TaskResult>(make_result(99)), 20, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answers[i].result->task(), i + 1) << "whose it is the ticket says";
    EXPECT_EQ(answers[i].result->timings().run_us(), 20u);
    EXPECT_EQ(answers[i].result->timings().queued_us(), 80u);
  }
  core->finished(running[0].ticket, std::make_unique<v1::TaskResult>(make_result(1)), 20, now);
  core->finished(uint64_t{77} << 32, std::make_unique<v1::TaskResult>(make_result(1)), 20, now);
  EXPECT_TRUE(take<answer>().empty());
  EXPECT_EQ(core->counters().late_results, 2u);
}

} // namespace
} // namespace troupe
