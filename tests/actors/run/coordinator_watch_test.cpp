// What those who watch a run are told, and when.
#include "tests/actors/run/coordinator_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct coordinator_watch_test : coordinator_fixture {};

TEST_F(coordinator_watch_test, tells_a_watcher_what_happens_and_how_it_ended) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  answer(next_task(), 1);
  answer(next_task(), 2);
  ASSERT_FALSE(updates->empty());
  ASSERT_TRUE(updates->back().has_run_finished());
  EXPECT_EQ(updates->back().run_finished().output(), "2");
}

TEST_F(coordinator_watch_test, tells_nothing_but_the_end_to_a_watcher_who_wants_no_more) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::WatchRun watch;
  watch.set_run_id("r1");
  watch.set_only_the_end(true);
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  answer(next_task(), 1);
  EXPECT_TRUE(updates->empty());
  answer(next_task(), 2);
  ASSERT_EQ(updates->size(), 1U);
  EXPECT_EQ(updates->back().run_finished().output(), "2");
}

TEST_F(coordinator_watch_test, refuses_more_watchers_than_it_can_tell) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::WatchRun watch;
  watch.set_run_id("r1");
  watch.set_only_the_end(true);
  for (size_t i = 0; i < run_coordinator_config{}.most_watchers; ++i)
    ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  auto refused = ask<v1::RunSummary>(boss, watch, watcher);
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()).code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(coordinator_watch_test, tells_who_comes_late_everything_once_it_is_durable) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  seen->hold_appends = true;
  answer(x, 1);
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  EXPECT_TRUE(updates->empty()) << "that x has ended is not in the journal yet";
  release_appends();
  auto y = next_task();
  auto heard = updates->size();
  std::vector<std::string> steps;
  for (const auto& x1 : *updates)
    if (x1.has_step_started())
      steps.push_back("begins " + x1.step_started().step());
    else if (x1.has_step_finished())
      steps.push_back("ends " + x1.step_finished().step());
  EXPECT_EQ(steps, (std::vector<std::string>{"begins x", "ends x", "begins y"}));
  answer(y, 2);
  ASSERT_GT(updates->size(), heard);
  EXPECT_TRUE(updates->back().has_run_finished());
  for (size_t i = 0; i < updates->size(); ++i)
    EXPECT_EQ((*updates)[i].seq(), i + 1) << "nothing is missing, nothing comes twice";
}

TEST_F(coordinator_watch_test, does_not_wait_for_a_journal_that_keeps_nothing) {
  auto backlog = std::make_shared<journal_backlog>();
  auto quick = spawn_coordinator("c2", backlog);
  ask<v1::RunAccepted>(quick, submission(two_steps));
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(quick, watch, watcher));
  answer(next_task(), 1);
  answer(next_task(), 2);
  ASSERT_FALSE(updates->empty());
  EXPECT_EQ(updates->back().run_finished().output(), "2");
  EXPECT_EQ(std::count_if(updates->begin(), updates->end(), [](const auto& x) { return x.has_run_finished(); }), 1);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_RUNNING) << "the journal has not caught up";
  for (const auto& events : backlog->take()) {
    const v1::AppendEvents* one[] = {events.get()};
    EXPECT_TRUE(seen->store.append(one)->front());
  }
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
  stop(quick);
}

TEST_F(coordinator_watch_test, tells_a_late_watcher_how_a_run_ended) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  answer(next_task(), 1);
  answer(next_task(), 2);
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  ASSERT_FALSE(updates->empty());
  EXPECT_EQ(updates->front().step_started().step(), "x");
  EXPECT_EQ(updates->back().run_finished().output(), "2");
  EXPECT_EQ(updates->back().run_finished().tasks(), 2U);
}

} // namespace
} // namespace troupe
