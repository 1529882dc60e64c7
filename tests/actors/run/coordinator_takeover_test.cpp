// Runs whose coordinator or actor died, and who works on them afterwards.
#include "tests/actors/run/coordinator_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct coordinator_takeover_test : coordinator_fixture {};

TEST_F(coordinator_takeover_test, drops_a_run_that_another_coordinator_owns) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  v1::ClaimRun claim;
  claim.set_run_id("r1");
  claim.set_expected_epoch(1);
  claim.set_owner("c2");
  ASSERT_TRUE(seen->store.claim(claim));
  answer(x, 1);
  EXPECT_TRUE(seen->tasks.empty()) << "a stale owner must not start anything";
  EXPECT_EQ(stored().owner(), "c2");
}

TEST_F(coordinator_takeover_test, resumes_what_a_dead_coordinator_left) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  answer(next_task(), 1);
  auto before = next_task();
  stop(boss);
  boss = spawn_coordinator("c2");
  auto taken = ask<v1::RunList>(boss, v1::ResumeRuns{});
  ASSERT_TRUE(taken);
  ASSERT_EQ(taken->runs_size(), 1);
  auto after = next_task();
  EXPECT_EQ(after.task.step(), "y") << "x has finished and must not run again";
  EXPECT_EQ(after.task.attempt(), before.task.attempt() + 1);
  EXPECT_EQ(after.task.idempotency_key(), before.task.idempotency_key());
  EXPECT_EQ(after.task.epoch(), 2U);
  answer(after, 3);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(coordinator_takeover_test, lets_a_watcher_wait_for_a_run_that_is_being_taken_over) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  stop(boss);
  seen->tasks.clear();
  boss = spawn_coordinator("c2");
  v1::WatchRun watch;
  watch.set_run_id("r1");
  // Both are on their way before anything is answered.
  auto resumed = self->request(boss, std::chrono::seconds{10}, v1::ResumeRuns{});
  auto watched = self->request(boss, std::chrono::seconds{10}, watch, watcher);
  run();
  resumed.receive([](const v1::RunList&) {}, [](const caf::error& why) { FAIL() << caf::to_string(why); });
  watched.receive([](const v1::RunSummary&) {}, [](const caf::error& why) { FAIL() << caf::to_string(why); });
  answer(next_task(), 1);
  answer(next_task(), 2);
  ASSERT_FALSE(updates->empty());
  EXPECT_TRUE(updates->back().has_run_finished());
}

TEST_F(coordinator_takeover_test, takes_a_run_over_once_wherever_a_second_resume_comes_between) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  for (int steps = 0; steps < 12; ++steps) {
    stop(boss);
    seen->tasks.clear();
    boss = spawn_coordinator("c" + std::to_string(steps + 2));
    self->send(boss, v1::ResumeRuns{});
    for (int i = 0; i < steps; ++i)
      sched.try_run_once();
    self->send(boss, v1::ResumeRuns{});
    run();
    ASSERT_EQ(seen->tasks.size(), 1U) << "the second came after " << steps << " steps";
    EXPECT_EQ(seen->tasks.front().task.epoch(), stored().epoch());
  }
}

TEST_F(coordinator_takeover_test, takes_it_for_no_fault_to_resume_what_is_going_on) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::ResumeRuns request;
  request.set_run_id("r1");
  auto taken = ask<v1::RunList>(boss, request);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->runs_size(), 1);
  EXPECT_EQ(stored().epoch(), 1U);
}

TEST_F(coordinator_takeover_test, tells_a_watcher_that_nobody_here_works_on_the_run) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  stop(boss);
  boss = spawn_coordinator("c2");
  v1::WatchRun watch;
  watch.set_run_id("r1");
  auto answered = ask<v1::RunSummary>(boss, watch, watcher);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::unavailable);
}

TEST_F(coordinator_takeover_test, takes_a_crashed_run_up_again_from_its_journal) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  self->send_exit(x.owner, caf::exit_reason::kill);
  run();
  auto again = next_task();
  EXPECT_EQ(again.task.step(), "x");
  EXPECT_EQ(again.task.attempt(), 2U);
}

} // namespace
} // namespace troupe
