#include "tests/runtime/dispatch/dispatch_fixture.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using test::dispatch_fixture;

constexpr int64_t limit = 4'000;
constexpr int64_t grace = 1'000;
/// How often the shell looks.
constexpr int64_t look = 200;

struct dispatcher_overdue : testing::Test {
  dispatch_fixture x{{.answer_grace = milliseconds{grace}}};

  dispatcher_overdue() {
    x.core.node_changed(dispatch_fixture::node("n", 10), x.now);
    x.define(1, dispatch_fixture::agent());
  }

  static v1::Task task(uint32_t number, int64_t limit_ms = limit, int32_t priority = 0, uint32_t attempt = 1) {
    auto out = dispatch_fixture::task(1, number, "x", priority);
    out.set_timeout_ms(static_cast<uint32_t>(limit_ms));
    out.set_attempt(attempt);
    return out;
  }

  void send(const v1::Task& one) {
    x.queue(1, one);
    x.flush();
  }

  /// Time passes, and the shell looks as often as it does.
  void wait(int64_t ms) {
    for (; ms > 0; ms -= look)
      x.advance(std::min(look, ms));
  }

  size_t given_up() {
    return x.core.stats().overdue;
  }
};

TEST_F(dispatcher_overdue, ends_an_attempt_that_its_node_should_have_answered) {
  send(task(0));
  wait(limit + grace - look);
  EXPECT_TRUE(x.results[1].empty());
  wait(look);
  ASSERT_EQ(x.results[1].size(), 1U);
  const auto& result = x.results[1].front();
  EXPECT_EQ(result.status(), v1::TASK_STATUS_TIMED_OUT);
  EXPECT_EQ(result.error().code(), v1::ERROR_CODE_TIMED_OUT);
  EXPECT_TRUE(result.error().retryable());
  EXPECT_EQ(result.node(), "n");
  EXPECT_EQ(result.attempt(), 1U);
  EXPECT_TRUE(x.losses[1].empty());
  // The node is told, has its credit again, and what it says after all is late.
  ASSERT_EQ(x.cancels["n"].size(), 1U);
  EXPECT_EQ(x.cancels["n"].front().task(), 0U);
  EXPECT_EQ(x.core.stats().credits, 10U);
  x.answer("n", task(0));
  EXPECT_EQ(x.results[1].size(), 1U);
  EXPECT_EQ(x.core.stats().late, 1U);
}

TEST_F(dispatcher_overdue, waits_for_as_long_as_it_takes_where_there_is_no_limit) {
  send(task(0, 0));
  wait(1'000'000);
  EXPECT_EQ(given_up(), 0U);
  EXPECT_EQ(x.core.stats().outstanding, 1U);
}

TEST_F(dispatcher_overdue, counts_no_time_that_an_attempt_waits_for_its_turn) {
  for (uint32_t i = 0; i < 5; ++i)
    send(task(i));
  // One after the other, each within its limit: the last one begins after four limits.
  for (uint32_t i = 0; i < 5; ++i) {
    wait(limit);
    x.answer("n", task(i));
  }
  EXPECT_EQ(x.results[1].size(), 5U);
  EXPECT_EQ(given_up(), 0U);
}

TEST_F(dispatcher_overdue, bounds_what_waits_behind_an_attempt_by_that_ones_limit) {
  send(task(0, 10 * limit));
  send(task(1));
  wait(10 * limit + grace - look);
  EXPECT_EQ(given_up(), 0U);
  wait(look);
  EXPECT_EQ(given_up(), 2U);
}

TEST_F(dispatcher_overdue, cannot_bound_what_may_wait_behind_an_attempt_without_a_limit) {
  send(task(0, 0));
  send(task(1));
  wait(100 * limit);
  EXPECT_EQ(given_up(), 0U);
  x.answer("n", task(0));
  x.answer("n", task(1));
  // The agent is idle now: what comes next has nobody before it.
  send(task(2));
  wait(limit + grace);
  EXPECT_EQ(given_up(), 1U);
}

TEST_F(dispatcher_overdue, finds_the_one_that_was_forgotten_among_many_that_are_answered) {
  send(task(0));
  uint32_t next = 1;
  // The agent is never idle and never silent.
  for (int64_t waited = 0; waited < 2 * limit + grace + look; waited += look) {
    EXPECT_EQ(given_up(), 0U) << "after " << waited << " ms";
    send(task(next));
    wait(look);
    x.answer("n", task(next++));
  }
  wait(look);
  ASSERT_EQ(given_up(), 1U);
  EXPECT_EQ(x.results[1].back().task(), 0U);
}

TEST_F(dispatcher_overdue, lets_those_of_a_higher_priority_go_first_for_as_long_as_they_come) {
  send(task(0));
  for (uint32_t i = 1; i < 100; ++i) {
    send(task(i, limit, 1));
    wait(limit / 2);
    x.answer("n", task(i, limit, 1));
  }
  EXPECT_EQ(given_up(), 0U);
  wait(limit + grace);
  EXPECT_EQ(given_up(), 1U);
}

TEST_F(dispatcher_overdue, learns_nothing_about_turns_from_what_a_node_turns_away) {
  send(task(0));
  send(task(1));
  x.answer("n", task(1), v1::TASK_STATUS_REJECTED, v1::ERROR_CODE_FENCED);
  EXPECT_EQ(x.results[1].size(), 1U);
  wait(limit + grace - look);
  EXPECT_EQ(given_up(), 0U);
  wait(look);
  EXPECT_EQ(given_up(), 1U);
}

TEST_F(dispatcher_overdue, sends_the_next_attempt_elsewhere_where_there_is_somebody) {
  send(task(0));
  x.core.node_changed(dispatch_fixture::node("other", 10), x.now);
  wait(limit + grace);
  ASSERT_EQ(given_up(), 1U);
  send(task(0, limit, 0, 2));
  EXPECT_EQ(x.take("other"), "1.0");
}

TEST_F(dispatcher_overdue, sends_it_to_the_same_node_again_where_there_is_nobody_else) {
  for (uint32_t attempt = 1; attempt <= 20; ++attempt) {
    send(task(0, limit, 0, attempt));
    wait(limit + grace + 16 * 250);
    EXPECT_EQ(given_up(), attempt);
  }
  EXPECT_EQ(x.results[1].size(), 20U);
}

TEST_F(dispatcher_overdue, frees_the_place_of_a_cancelled_attempt_and_says_nothing) {
  send(task(0));
  x.cancel(task(0));
  wait(limit + grace);
  EXPECT_EQ(given_up(), 1U);
  EXPECT_TRUE(x.results[1].empty());
  EXPECT_EQ(x.core.stats().credits, 10U);
}

TEST_F(dispatcher_overdue, blames_nobody_for_its_own_sleep) {
  send(task(0));
  wait(limit);
  // Stopped for an hour. The answer has been in the socket for long, and is read a moment later.
  x.advance(3'600'000);
  EXPECT_EQ(given_up(), 0U);
  x.answer("n", task(0));
  EXPECT_EQ(x.results[1].size(), 1U);
  EXPECT_EQ(x.results[1].front().status(), v1::TASK_STATUS_SUCCESS);
}

TEST_F(dispatcher_overdue, leaves_the_agents_breaker_alone) {
  auto spec = dispatch_fixture::agent("y");
  spec.mutable_breaker()->set_window(2);
  spec.mutable_breaker()->set_failure_ratio(0.5);
  spec.mutable_breaker()->set_open_for_ms(1'000'000);
  x.define(1, spec);
  for (uint32_t i = 0; i < 8; ++i) {
    auto one = dispatch_fixture::task(1, i, "y");
    one.set_timeout_ms(limit);
    send(one);
    wait(limit + grace + 16 * 250);
  }
  EXPECT_EQ(given_up(), 8U);
}

TEST(dispatcher_overdue_config, must_not_be_negative) {
  EXPECT_NE(validate(dispatcher_config{.answer_grace = milliseconds{-1}}), "");
}

} // namespace
} // namespace troupe
