#include "runtime/dispatch/work_ahead.hpp"
#include "tests/runtime/dispatch/dispatch_fixture.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using test::dispatch_fixture;

struct dispatcher_ahead : testing::Test {
  dispatch_fixture x;

  static v1::AgentSpec agent(uint32_t replicas) {
    auto out = dispatch_fixture::agent();
    out.set_replicas(replicas);
    out.set_concurrency(1);
    return out;
  }

  /// The node says that it has done what it got as number `which`, and how long that took.
  void done(const std::string& node, size_t which, uint64_t run_us) {
    auto result = dispatch_fixture::result_of(x.sent[node].at(which));
    result.mutable_timings()->set_run_us(run_us);
    x.report(node, result);
    x.flush();
  }

  /// The node is lost, its tasks are sent again, and it comes back.
  void lose(const std::string& node) {
    auto before = x.losses[1].size();
    x.core.node_gone(node, {}, "it fell", x.now);
    x.flush();
    for (auto i = before; i < x.losses[1].size(); ++i) {
      auto again = dispatch_fixture::task(1, x.losses[1][i].task());
      again.set_attempt(x.losses[1][i].attempt() + 1);
      x.queue(1, again);
    }
    x.sent[node].clear();
    x.core.node_changed(dispatch_fixture::node(node, 100), x.now);
    x.flush();
  }
};

TEST(work_ahead, is_twice_the_instances_of_an_agent_that_is_slow_or_not_known_yet) {
  EXPECT_EQ(work_ahead(3, 0, milliseconds{100}), 6U);
  EXPECT_EQ(work_ahead(3, 5'000, milliseconds{100}), 6U);
}

TEST(work_ahead, grows_as_tasks_get_shorter) {
  EXPECT_EQ(work_ahead(2, 20, milliseconds{100}), 12U);
  EXPECT_EQ(work_ahead(1, 0.01, milliseconds{100}), 10'001U);
  EXPECT_EQ(work_ahead(1'000'000, 0.000'001, milliseconds{60'000}), uint64_t{UINT32_MAX});
}

TEST_F(dispatcher_ahead, gives_a_node_what_its_instances_need_and_little_more) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(2));
  x.queue(1, 0, 49);
  x.flush();
  EXPECT_EQ(x.sent["n"].size(), 4U);
  done("n", 0, 20'000);
  EXPECT_EQ(x.sent["n"].size(), 1U + 12U);
  done("n", 1, 20'000);
  EXPECT_EQ(x.sent["n"].size(), 2U + 12U);
}

TEST_F(dispatcher_ahead, gives_short_tasks_without_bound) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(1));
  x.queue(1, 0, 99);
  x.flush();
  done("n", 0, 3);
  EXPECT_EQ(x.sent["n"].size(), 100U);
}

TEST_F(dispatcher_ahead, leaves_the_rest_to_whoever_is_faster) {
  x.core.node_changed(dispatch_fixture::node("fast", 100), x.now);
  x.core.node_changed(dispatch_fixture::node("slow", 100), x.now);
  x.define(1, agent(1));
  x.queue(1, 0, 49);
  x.flush();
  for (size_t i = 0; i < x.sent["fast"].size(); ++i)
    done("fast", i, 20'000);
  EXPECT_EQ(x.sent["slow"].size(), 2U);
  EXPECT_EQ(x.sent["fast"].size(), 48U);
}

TEST_F(dispatcher_ahead, does_not_take_failures_for_speed) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(1));
  x.queue(1, 0, 49);
  x.flush();
  auto result = dispatch_fixture::result_of(x.sent["n"][0], v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_CRASHED);
  result.mutable_timings()->set_run_us(1);
  x.report("n", result);
  x.flush();
  EXPECT_EQ(x.sent["n"].size(), 3U);
}

TEST_F(dispatcher_ahead, sends_what_was_lost_before_what_still_waits) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(2));
  x.queue(1, 0, 9);
  x.flush();
  EXPECT_EQ(x.take("n"), "1.0 1.1 1.2 1.3");
  lose("n");
  EXPECT_EQ(x.take("n"), "1.0 1.1 1.2 1.3");
}

TEST_F(dispatcher_ahead, keeps_tasks_apart_that_were_lost_with_their_nodes_again_and_again) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(4));
  x.queue(1, 0, 2);
  x.flush();
  lose("n");
  lose("n");
  EXPECT_EQ(x.sent["n"].size(), 3U);
  lose("n");
  // Each of them may be why; one at a time.
  EXPECT_EQ(x.sent["n"].size(), 1U);
  x.queue(1, 7, 7);
  x.answer("n", x.sent["n"][0]);
  EXPECT_EQ(x.sent["n"].size(), 2U);
  x.answer("n", x.sent["n"][1]);
  x.answer("n", x.sent["n"][2]);
  EXPECT_EQ(x.sent["n"].size(), 4U);
}

TEST_F(dispatcher_ahead, forgets_the_losses_of_a_task_that_was_answered) {
  x.core.node_changed(dispatch_fixture::node("n", 100), x.now);
  x.define(1, agent(4));
  x.queue(1, 0, 1);
  x.flush();
  for (int i = 0; i < 3; ++i)
    lose("n");
  x.answer("n", x.sent["n"][0], v1::TASK_STATUS_FAILED, v1::ERROR_CODE_AGENT_FAILED);
  ASSERT_EQ(x.sent["n"].size(), 2U);
  auto again = x.sent["n"][0];
  again.set_attempt(again.attempt() + 1);
  x.queue(1, again);
  x.flush();
  EXPECT_EQ(x.sent["n"].size(), 3U);
}

} // namespace
} // namespace troupe
