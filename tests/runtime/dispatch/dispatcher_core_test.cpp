#include "tests/runtime/dispatch/dispatch_fixture.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using test::dispatch_fixture;

struct dispatcher_core_test : ::testing::Test, dispatch_fixture {
  dispatcher_core_test() {
    define(1, agent());
    define(2, agent());
  }

  void join(const v1::NodeStatus& x) {
    core.node_changed(x, now);
  }
};

TEST_F(dispatcher_core_test, sends_no_more_than_the_node_takes_and_the_rest_as_credits_come_back) {
  join(node("w", 2));
  queue(1, 0, 3);
  flush();
  EXPECT_EQ(take("w"), "1.0 1.1");
  answer("w", task(1, 1));
  EXPECT_EQ(take("w"), "1.2");
  answer("w", task(1, 0));
  answer("w", task(1, 2));
  EXPECT_EQ(take("w"), "1.3");
  EXPECT_EQ(results[1].size(), 3u);
  EXPECT_EQ(core.stats().credits, 1u);
}

TEST_F(dispatcher_core_test, sends_tasks_of_one_flush_as_one_batch_with_the_definition_in_front) {
  join(node("w", 10));
  queue(1, 0, 2);
  flush();
  ASSERT_EQ(last.batches.size(), 1u);
  EXPECT_EQ(last.batches[0].batch.tasks.size(), 3u);
  ASSERT_EQ(last.batches[0].batch.agents.size(), 1u);
  queue(2, 0, 0);
  flush();
  ASSERT_EQ(last.batches.size(), 1u);
  EXPECT_EQ(last.batches[0].batch.agents.size(), 0u);
}

TEST_F(dispatcher_core_test, sends_the_definition_again_to_the_next_life_of_a_node) {
  join(node("w", 1));
  queue(1, 0, 0);
  flush();
  answer("w", task(1, 0));
  join(node("w", 1, "2"));
  queue(1, 1, 1);
  flush();
  EXPECT_EQ(specs["w"].size(), 2u);
}

TEST_F(dispatcher_core_test, keeps_batches_within_their_bounds) {
  dispatcher_config config;
  config.max_batch_tasks = 4;
  config.max_batch_bytes = 1'000;
  dispatch_fixture f{config};
  f.define(1, agent());
  f.core.node_changed(node("w", 100), now);
  f.queue(1, 0, 9);
  auto large = task(1, 10);
  large.mutable_input()->set_data(std::string(990, 'x'));
  f.queue(1, large);
  f.queue(1, 11, 11);
  f.flush();
  std::vector<int> sizes;
  for (auto& x : f.last.batches)
    sizes.push_back(static_cast<int>(x.batch.tasks.size()));
  EXPECT_EQ(sizes, (std::vector{4, 4, 2, 1, 1}));
}

TEST_F(dispatcher_core_test, stamps_node_and_dispatch_time_on_the_result) {
  join(node("w", 1));
  queue(1, 0, 0);
  flush();
  auto at = 1'700'000'000'000 + now;
  now += 50;
  auto r = result_of(task(1, 0));
  r.set_node("somebody else");
  r.mutable_timings()->set_run_us(7);
  report("w", r);
  flush();
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].node(), "w");
  EXPECT_EQ(results[1][0].timings().dispatched_at_ms(), at);
  EXPECT_EQ(results[1][0].timings().run_us(), 7u);
}

TEST_F(dispatcher_core_test, does_not_let_a_large_run_block_a_small_one) {
  join(node("w", 1));
  queue(1, 0, 99);
  flush();
  EXPECT_EQ(take("w"), "1.0");
  queue(2, 0, 1);
  answer("w", task(1, 0));
  answer("w", task(1, 1));
  answer("w", task(2, 0));
  answer("w", task(1, 2));
  EXPECT_EQ(take("w"), "1.1 2.0 1.2 2.1");
}

TEST_F(dispatcher_core_test, lets_agents_that_compete_for_a_node_take_turns) {
  define(1, agent("y"));
  join(node("w", 1));
  queue(1, 0, 3, "x");
  queue(1, 10, 13, "y");
  flush();
  for (auto next : {0, 10, 1, 11, 2})
    answer("w", task(1, static_cast<uint32_t>(next), next < 10 ? "x" : "y"));
  EXPECT_EQ(take("w"), "1.0 1.10 1.1 1.11 1.2 1.12");
}

TEST_F(dispatcher_core_test, sends_a_higher_priority_first_across_agents) {
  define(1, agent("y"));
  join(node("w", 1));
  queue(1, 0, 2, "x", 0);
  queue(1, 10, 12, "y", 1);
  flush();
  answer("w", task(1, 10, "y"));
  answer("w", task(1, 11, "y"));
  EXPECT_EQ(take("w"), "1.10 1.11 1.12");
}

TEST_F(dispatcher_core_test, keeps_an_agent_within_its_bulkhead_and_the_others_going) {
  auto narrow = agent("narrow");
  narrow.set_max_concurrent(2);
  define(1, narrow);
  join(node("w", 10));
  queue(1, 0, 4, "narrow");
  queue(1, 10, 11);
  flush();
  EXPECT_EQ(take("w"), "1.0 1.10 1.1 1.11");
  answer("w", task(1, 0, "narrow"));
  EXPECT_EQ(take("w"), "1.2");
}

TEST_F(dispatcher_core_test, widens_a_bulkhead_by_a_later_definition) {
  auto narrow = agent("narrow");
  narrow.set_max_concurrent(1);
  define(1, narrow);
  join(node("w", 10));
  queue(1, 0, 2, "narrow");
  flush();
  narrow.set_max_concurrent(2);
  define(2, narrow);
  flush();
  EXPECT_EQ(take("w"), "1.0 1.1");
}

// -- results that do not count ----------------------------------------------------------------------------------------

TEST_F(dispatcher_core_test, counts_results_that_come_late_from_nowhere_or_from_another_epoch) {
  join(node("w", 5));
  join(node("v", 5));
  queue(1, 0, 0);
  flush();
  auto home = sent["w"].empty() ? "v" : "w";
  auto other = sent["w"].empty() ? "w" : "v";
  report(other, result_of(task(1, 0)));
  EXPECT_EQ(core.stats().late, 1u);
  auto old = result_of(task(1, 0));
  old.set_epoch(0);
  report(home, old);
  EXPECT_EQ(core.stats().fenced, 1u);
  report(home, result_of(task(1, 77)));
  EXPECT_EQ(core.stats().unknown, 1u);
  answer(home, task(1, 0));
  answer(home, task(1, 0));
  EXPECT_EQ(core.stats().late, 2u);
  EXPECT_EQ(results[1].size(), 1u);
}

TEST_F(dispatcher_core_test, makes_a_failure_of_a_result_without_status) {
  join(node("w", 1));
  queue(1, 0, 0);
  flush();
  answer("w", task(1, 0), v1::TASK_STATUS_UNSPECIFIED);
  ASSERT_EQ(results[1].size(), 1u);
  EXPECT_EQ(results[1][0].status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(results[1][0].error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
}

TEST_F(dispatcher_core_test, ignores_a_task_that_it_has_already) {
  join(node("w", 5));
  queue(1, 0, 0);
  queue(1, 0, 0);
  flush();
  queue(1, 0, 0);
  flush();
  EXPECT_EQ(take("w"), "1.0");
}

TEST_F(dispatcher_core_test, refuses_an_attempt_that_is_under_way_for_another_owner) {
  queue(1, 0, 0);
  queue(2, task(1, 0));
  flush();
  ASSERT_EQ(results[2].size(), 1u);
  EXPECT_EQ(results[2][0].error().code(), v1::ERROR_CODE_ALREADY_EXISTS);
}

// -- nodes that go away -----------------------------------------------------------------------------------------------

TEST_F(dispatcher_core_test, tells_the_owners_at_once_what_a_lost_node_had) {
  join(node("w", 5));
  queue(1, 0, 1);
  queue(2, 0, 0);
  flush();
  core.node_gone("w", "1", "link closed", now);
  flush();
  ASSERT_EQ(losses[1].size(), 2u);
  ASSERT_EQ(losses[2].size(), 1u);
  EXPECT_EQ(losses[1][1].task(), 1u);
  EXPECT_EQ(losses[1][1].node(), "w");
  EXPECT_EQ(losses[1][1].reason(), "link closed");
  EXPECT_EQ(core.stats().lost, 3u);
  report("w", result_of(task(1, 0)));
  EXPECT_EQ(core.stats().late, 1u);
}

TEST_F(dispatcher_core_test, ignores_the_end_of_an_earlier_life) {
  join(node("w", 5, "2"));
  queue(1, 0, 0);
  flush();
  core.node_gone("w", "1", "link closed", now);
  flush();
  EXPECT_TRUE(losses[1].empty());
}

TEST_F(dispatcher_core_test, takes_a_new_boot_id_for_the_end_of_the_earlier_life) {
  join(node("w", 1));
  queue(1, 0, 1);
  flush();
  join(node("w", 1, "2"));
  flush();
  EXPECT_EQ(losses[1].size(), 1u);
  EXPECT_EQ(take("w"), "1.0 1.1");
}

TEST_F(dispatcher_core_test, sends_nothing_new_to_a_silent_or_draining_node_but_takes_its_results) {
  for (auto state : {v1::NODE_STATE_SUSPECT, v1::NODE_STATE_DRAINING}) {
    dispatch_fixture f;
    f.define(1, agent());
    f.core.node_changed(node("w", 5), f.now);
    f.queue(1, 0, 0);
    f.flush();
    auto changed = node("w", 5);
    changed.set_state(state);
    f.core.node_changed(changed, f.now);
    f.queue(1, 1, 1);
    f.answer("w", task(1, 0));
    EXPECT_EQ(f.results[1].size(), 1u);
    EXPECT_EQ(f.take("w"), "1.0");
    f.core.node_changed(node("w", 5), f.now);
    f.flush();
    EXPECT_EQ(f.take("w"), "1.1");
  }
}

// -- cancelling -------------------------------------------------------------------------------------------------------

TEST_F(dispatcher_core_test, drops_a_queued_task_that_is_cancelled) {
  queue(1, 0, 1);
  cancel(task(1, 0));
  join(node("w", 5));
  flush();
  EXPECT_EQ(take("w"), "1.1");
  EXPECT_TRUE(cancels["w"].empty());
}

TEST_F(dispatcher_core_test, keeps_the_credit_of_a_cancelled_task_until_its_node_has_answered) {
  join(node("w", 1));
  queue(1, 0, 1);
  flush();
  cancel(task(1, 0));
  cancel(task(1, 0));
  flush();
  EXPECT_EQ(cancels["w"].size(), 1u);
  EXPECT_EQ(take("w"), "1.0");
  answer("w", task(1, 0), v1::TASK_STATUS_CANCELLED);
  EXPECT_EQ(take("w"), "1.1");
  EXPECT_TRUE(results[1].empty());
}

TEST_F(dispatcher_core_test, stops_everything_of_an_owner_that_is_gone) {
  join(node("w", 1));
  queue(1, 0, 5);
  queue(2, 0, 0);
  flush();
  core.owner_gone(1);
  flush();
  EXPECT_EQ(cancels["w"].size(), 1u);
  EXPECT_EQ(core.stats().queued, 1u);
  answer("w", task(1, 0));
  EXPECT_EQ(take("w"), "1.0 2.0");
  EXPECT_EQ(results.count(1), 0u);
}

// -- size -------------------------------------------------------------------------------------------------------------

TEST_F(dispatcher_core_test, forgets_definitions_that_nobody_has_used_for_long) {
  dispatcher_config config;
  config.max_idle_agents = 2;
  dispatch_fixture f{config};
  f.core.node_changed(node("w", 5), f.now);
  for (owner_id owner = 1; owner <= 3; ++owner) {
    auto name = "a" + std::to_string(owner);
    f.define(owner, agent(name));
    f.queue(owner, 0, 0, name);
    f.flush();
    f.answer("w", task(owner, 0, name));
    f.core.owner_gone(owner);
    f.flush();
  }
  f.queue(9, 0, 0, "a1");
  f.queue(9, 1, 1, "a3");
  f.flush();
  ASSERT_EQ(f.results[9].size(), 1u);
  EXPECT_EQ(f.results[9][0].error().code(), v1::ERROR_CODE_NOT_FOUND);
  f.define(9, agent("a1"));
  f.queue(9, 2, 2, "a1");
  f.flush();
  EXPECT_EQ(f.specs["w"].size(), 4u);
}

TEST(dispatcher_config, names_what_is_out_of_range) {
  EXPECT_EQ(validate(dispatcher_config{}), "");
  dispatcher_config config;
  config.max_queued = 0;
  EXPECT_NE(validate(config), "");
}

} // namespace
} // namespace troupe
