#include "tests/runtime/dispatch/dispatch_fixture.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using test::dispatch_fixture;

struct dispatcher_refusals_test : ::testing::Test, dispatch_fixture {
  dispatcher_refusals_test() {
    define(1, agent());
    define(2, agent());
  }

  void join(const v1::NodeStatus& x) {
    core.node_changed(x, now);
  }
};

// -- rejections -------------------------------------------------------------------------------------------------------

TEST_F(dispatcher_refusals_test, sends_a_rejected_task_elsewhere_and_before_the_others) {
  join(node("v", 1));
  queue(1, 0, 2);
  flush();
  EXPECT_EQ(take("v"), "1.0");
  join(node("w", 1));
  answer("v", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_EQ(take("v"), "");
  EXPECT_EQ(take("w"), "1.0");
  EXPECT_EQ(core.stats().no_room, 1u);
}

TEST_F(dispatcher_refusals_test, tries_a_node_again_after_a_pause) {
  join(node("w", 1));
  queue(1, 0, 0);
  flush();
  take("w");
  answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_UNAVAILABLE);
  advance(249);
  EXPECT_EQ(take("w"), "");
  advance(1);
  EXPECT_EQ(take("w"), "1.0");
}

TEST_F(dispatcher_refusals_test, delivers_the_failure_after_too_many_rejections) {
  join(node("w", 1));
  queue(1, 0, 0);
  flush();
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(results[1].empty());
    EXPECT_EQ(take("w"), "1.0");
    answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
    advance(250 << i);
  }
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].status(), v1::TASK_STATUS_FAILED);
  EXPECT_TRUE(results[1][0].error().retryable());
  EXPECT_EQ(core.stats().queued, 0u);
}

TEST_F(dispatcher_refusals_test, pauses_once_for_a_batch_of_rejections_and_longer_each_time) {
  join(node("w", 3));
  queue(1, 0, 2);
  flush();
  take("w");
  for (uint32_t i = 0; i < 3; ++i)
    report("w", result_of(task(1, i), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_UNAVAILABLE));
  flush();
  advance(250);
  EXPECT_EQ(take("w"), "1.0 1.1 1.2");
  answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_UNAVAILABLE);
  advance(250);
  EXPECT_EQ(take("w"), "");
  advance(250);
  EXPECT_EQ(take("w"), "1.0");
  answer("w", task(1, 1));
  answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_UNAVAILABLE);
  advance(250);
  EXPECT_EQ(take("w"), "1.0");
}

TEST_F(dispatcher_refusals_test, delivers_a_rejection_that_no_other_try_would_change) {
  join(node("w", 1));
  queue(1, 0, 1);
  flush();
  answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_FENCED);
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(results[1][0].error().code(), v1::ERROR_CODE_FENCED);
  EXPECT_FALSE(results[1][0].error().retryable());
  EXPECT_EQ(take("w"), "1.0 1.1");
}

TEST_F(dispatcher_refusals_test, leaves_a_node_alone_that_must_not_run_an_agent) {
  join(node("w", 1));
  queue(1, 0, 1);
  flush();
  take("w");
  answer("w", task(1, 0), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_FORBIDDEN);
  advance(9'999);
  EXPECT_EQ(take("w"), "");
  advance(1);
  ASSERT_EQ(results[1].size(), 2u);
  EXPECT_EQ(results[1][0].error().message(), "no node can run agent 'x' (kind lua): w has refused it");
}

// -- nobody can do it -------------------------------------------------------------------------------------------------

TEST_F(dispatcher_refusals_test, fails_a_task_that_no_node_can_run_after_a_while_and_says_why) {
  auto gpu = task(1, 0);
  auto* label = gpu.add_placement();
  label->set_key("gpu");
  label->set_value("yes");
  auto draining = node("c", 1);
  draining.set_state(v1::NODE_STATE_DRAINING);
  join(draining);
  join(node("w", 1));
  queue(1, gpu);
  advance(9'999);
  EXPECT_TRUE(results[1].empty());
  advance(1);
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(results[1][0].error().retryable());
  EXPECT_EQ(results[1][0].error().message(),
            "no node can run agent 'x' (kind lua, labels gpu=yes): c is draining, w lacks label gpu=yes");
}

TEST_F(dispatcher_refusals_test, gives_each_task_the_whole_wait_for_a_node) {
  queue(1, 0, 0);
  advance(40'000);
  queue(1, 1, 1);
  advance(20'000);
  EXPECT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].error().message(), "no node can run agent 'x' (kind lua): there are no nodes");
  join(node("w", 1));
  flush();
  EXPECT_EQ(take("w"), "1.1");
  advance(60'000);
  EXPECT_EQ(results[1].size(), 1u);
}

TEST_F(dispatcher_refusals_test, starts_the_wait_anew_when_the_last_node_goes) {
  join(node("w", 1));
  queue(1, 0, 1);
  advance(60'000);
  core.node_gone("w", "1", "link closed", now);
  advance(59'999);
  EXPECT_TRUE(results[1].empty());
  advance(1);
  EXPECT_EQ(results[1].size(), 1u);
}

TEST_F(dispatcher_refusals_test, refuses_a_task_whose_definition_nobody_has_sent) {
  queue(1, 0, 0, "stranger");
  flush();
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].error().code(), v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(dispatcher_refusals_test, finds_an_agent_that_a_node_brings_along) {
  auto n = node("w", 1);
  n.mutable_info()->add_agents()->set_name("archivist");
  join(node("v", 5));
  join(n);
  auto x = task(1, 0, "archivist");
  x.clear_agent_hash();
  queue(1, x);
  flush();
  EXPECT_EQ(take("w"), "1.0");
  EXPECT_TRUE(specs["w"].empty());
}

TEST_F(dispatcher_refusals_test, refuses_what_goes_beyond_the_bound_of_the_queue) {
  dispatcher_config config;
  config.max_queued = 2;
  dispatch_fixture f{config};
  f.define(1, agent());
  f.queue(1, 0, 2);
  f.flush();
  ASSERT_EQ(f.results[1].size(), 1u);
  EXPECT_EQ(f.results[1][0].task(), 2u);
  EXPECT_EQ(f.results[1][0].error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(f.results[1][0].error().retryable());
  EXPECT_EQ(f.core.stats().no_room, 1u);
}

TEST_F(dispatcher_refusals_test, refuses_more_bytes_than_it_may_hold) {
  dispatcher_config config;
  config.max_queued_bytes = 1'000;
  dispatch_fixture f{config};
  f.define(1, agent());
  auto large = task(1, 0);
  large.mutable_input()->set_data(std::string(2'000, 'x'));
  f.queue(1, large);
  f.queue(1, 1, 1);
  f.flush();
  EXPECT_EQ(f.results[1].size(), 1u);
  EXPECT_EQ(f.core.stats().queued, 1u);
}

// -- breaker ----------------------------------------------------------------------------------------------------------

struct breaker_test : dispatcher_refusals_test {
  breaker_test() {
    auto shaky = agent("shaky");
    shaky.mutable_breaker()->set_failure_ratio(0.5);
    shaky.mutable_breaker()->set_window(2);
    shaky.mutable_breaker()->set_open_for_ms(1'000);
    define(1, shaky);
    join(node("w", 2));
  }

  void break_it() {
    queue(1, 0, 3, "shaky");
    flush();
    take("w");
    report("w", result_of(task(1, 0, "shaky"), v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_CRASHED));
    answer("w", task(1, 1, "shaky"), v1::TASK_STATUS_TIMED_OUT, v1::ERROR_CODE_TIMED_OUT);
  }
};

TEST_F(breaker_test, answers_queued_and_new_tasks_while_the_breaker_is_open) {
  break_it();
  ASSERT_EQ(results[1].size(), 4u);
  EXPECT_EQ(results[1][2].error().code(), v1::ERROR_CODE_CIRCUIT_OPEN);
  EXPECT_TRUE(results[1][2].error().retryable());
  EXPECT_EQ(results[1][2].error().retry_after_ms(), 1'000u);
  ASSERT_EQ(last.breakers.size(), 1u);
  EXPECT_EQ(last.breakers[0].agent, "shaky");
  EXPECT_EQ(last.breakers[0].state, circuit_breaker::state::open);
  now += 300;
  queue(1, 4, 4, "shaky");
  flush();
  ASSERT_EQ(results[1].size(), 5u);
  EXPECT_EQ(results[1][4].error().retry_after_ms(), 700u);
  EXPECT_EQ(take("w"), "");
}

TEST_F(breaker_test, holds_tasks_back_while_the_trial_is_out) {
  break_it();
  now += 1'000;
  queue(1, 10, 12, "shaky");
  flush();
  EXPECT_EQ(take("w"), "1.10");
  answer("w", task(1, 10, "shaky"));
  EXPECT_EQ(take("w"), "1.11 1.12");
  EXPECT_EQ(last.breakers.size(), 1u);
}

TEST_F(breaker_test, answers_those_that_it_held_back_when_the_trial_fails) {
  break_it();
  now += 1'000;
  queue(1, 10, 12, "shaky");
  flush();
  answer("w", task(1, 10, "shaky"), v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_EQ(results[1].size(), 7u);
  EXPECT_EQ(take("w"), "1.10");
}

TEST_F(breaker_test, tries_again_when_the_node_of_the_trial_is_lost) {
  break_it();
  now += 1'000;
  queue(1, 10, 11, "shaky");
  flush();
  take("w");
  join(node("w", 2, "2"));
  flush();
  EXPECT_EQ(take("w"), "1.11");
}

TEST_F(breaker_test, does_not_blame_the_agent_for_bad_input_or_rejections) {
  for (uint32_t i = 0; i < 10; ++i) {
    queue(1, i, i, "shaky");
    flush();
    answer("w", task(1, i, "shaky"), v1::TASK_STATUS_FAILED, v1::ERROR_CODE_INVALID_INPUT);
  }
  for (auto& x : results[1])
    EXPECT_EQ(x.error().code(), v1::ERROR_CODE_INVALID_INPUT);
}

TEST_F(breaker_test, remembers_the_breaker_from_one_run_to_the_next) {
  break_it();
  core.owner_gone(1);
  define(2, agent("shaky"));
  queue(2, 0, 0, "shaky");
  flush();
  ASSERT_EQ(results[2].size(), 1u);
  EXPECT_EQ(results[2][0].error().code(), v1::ERROR_CODE_CIRCUIT_OPEN);
}

} // namespace
} // namespace troupe
