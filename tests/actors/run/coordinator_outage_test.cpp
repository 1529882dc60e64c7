// A store that refuses, or is slow: runs wait, and the log says so once.
#include "tests/actors/run/coordinator_fixture.hpp"
#include "tests/support/captured_log.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

using namespace test;

struct coordinator_outage_test : coordinator_fixture {};

TEST_F(coordinator_outage_test, waits_for_a_store_that_refuses_and_loses_nothing) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  seen->append_error = error{v1::ERROR_CODE_STORE, "disk full", true};
  answer(x, 1);
  EXPECT_TRUE(seen->tasks.empty());
  seen->append_error.reset();
  advance(std::chrono::seconds{2});
  EXPECT_EQ(next_task().task.step(), "y");
}

TEST_F(coordinator_outage_test, tells_an_outage_of_the_store_in_two_lines_however_many_runs_wait) {
  std::vector<world::dispatched> work;
  for (auto id : {"r1", "r2", "r3"}) {
    auto request = submission(two_steps);
    request.set_run_id(id);
    ask<v1::RunAccepted>(boss, request);
    work.push_back(next_task());
  }
  test::captured_log log;
  seen->append_error = error{v1::ERROR_CODE_STORE, "disk full", true};
  for (auto& x : work)
    answer(x, 1);
  advance(std::chrono::seconds{60});
  ASSERT_EQ(log.lines().size(), 1U) << testing::PrintToString(log.lines());
  EXPECT_THAT(log.lines()[0], testing::StartsWith("error: [run=r1 trace_id="));
  EXPECT_THAT(log.lines()[0], HasSubstr("run waits for its journal, and tries again until it is back: disk full"));
  seen->append_error.reset();
  advance(std::chrono::seconds{2});
  ASSERT_EQ(log.lines().size(), 2U);
  EXPECT_EQ(log.lines()[1], "info: no run waits for the journal any more; in 61000 ms 3 did");
  // The next outage is another one.
  seen->append_error = error{v1::ERROR_CODE_STORE, "disk full again", true};
  answer(next_task(), 1);
  advance(std::chrono::seconds{5});
  EXPECT_EQ(log.lines().size(), 3U);
}

TEST_F(coordinator_outage_test, tells_an_outage_of_the_store_once_while_runs_cannot_be_taken_over) {
  for (auto id : {"r1", "r2"}) {
    auto request = submission(two_steps);
    request.set_run_id(id);
    ask<v1::RunAccepted>(boss, request);
  }
  stop(boss);
  test::captured_log log;
  seen->claim_error = error{v1::ERROR_CODE_STORE, "disk full", true};
  boss = spawn_coordinator("c2");
  ask<v1::RunList>(boss, v1::ResumeRuns{});
  advance(std::chrono::seconds{60});
  EXPECT_EQ(log.lines().size(), 1U) << testing::PrintToString(log.lines());
  seen->claim_error.reset();
  advance(std::chrono::seconds{2});
  EXPECT_EQ(stored("r1").owner(), "c2");
  EXPECT_EQ(stored("r2").owner(), "c2");
  EXPECT_THAT(log.lines(), testing::Contains(HasSubstr("no run waits for the journal any more; in")));
}

TEST_F(coordinator_outage_test, keeps_a_run_whose_append_was_slower_than_its_patience) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  seen->hold_appends = true;
  answer(x, 1);
  advance(std::chrono::seconds{31});
  release_appends();
  advance(std::chrono::seconds{2});
  answer(next_task(), 2);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
}

} // namespace
} // namespace troupe
