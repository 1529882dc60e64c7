#include "runtime/core/trace_context.hpp"
#include "tests/actors/run/world.hpp"
#include "tests/support/captured_log.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

constexpr const char* two_steps = R"(
workflow: two
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w, input: "$.input"}
  - {id: y, agent: w, input: "$.steps.x"}
output: "$.steps.y"
)";

struct coordinator_test : test::world {
  std::shared_ptr<std::vector<v1::RunUpdate>> updates = std::make_shared<std::vector<v1::RunUpdate>>();
  run_watcher_actor watcher = sys.spawn([u = updates]() -> run_watcher_actor::behavior_type {
    return {[u](const v1::RunUpdate& update) { u->push_back(update); }};
  });

  ~coordinator_test() override {
    stop(watcher);
  }

  std::string message_of(const caf::error& why) {
    return from_caf(why).message;
  }
};

TEST_F(coordinator_test, answers_a_submission_once_the_run_is_stored) {
  auto accepted = ask<v1::RunAccepted>(boss, submission(two_steps, 5));
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->run_id(), "r1");
  EXPECT_EQ(stored().state(), v1::RUN_STATE_RUNNING);
  EXPECT_EQ(stored().owner(), "c1");
  EXPECT_EQ(next_task().task.step(), "x");
}

TEST_F(coordinator_test, begins_a_trace_for_a_run_that_comes_without) {
  ask<v1::RunAccepted>(boss, submission(two_steps, 5));
  auto x = next_task();
  EXPECT_EQ(trace_id(x.task.traceparent()).size(), 32u);
  answer(x, 6);
  EXPECT_EQ(next_task().task.traceparent(), x.task.traceparent());
}

TEST_F(coordinator_test, goes_on_with_the_trace_that_a_run_brings) {
  constexpr auto given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  auto request = submission(two_steps, 5);
  request.set_traceparent(given);
  ask<v1::RunAccepted>(boss, request);
  EXPECT_EQ(next_task().task.traceparent(), given);
}

TEST_F(coordinator_test, replaces_a_trace_that_is_none) {
  auto request = submission(two_steps, 5);
  request.set_traceparent("00-\r\n");
  ask<v1::RunAccepted>(boss, request);
  EXPECT_EQ(trace_id(next_task().task.traceparent()).size(), 32u);
}

TEST_F(coordinator_test, drives_a_run_to_its_end) {
  ask<v1::RunAccepted>(boss, submission(two_steps, 5));
  auto x = next_task();
  EXPECT_EQ(x.task.input().data(), "5");
  answer(x, 6);
  auto y = next_task();
  EXPECT_EQ(y.task.input().data(), "6");
  answer(y, 7);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(coordinator_test, ends_a_run_at_once_that_has_nothing_to_do) {
  ask<v1::RunAccepted>(boss, submission(R"(
workflow: nothing
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w, input: "$.input.not_given", on_error: continue}]
)"));
  EXPECT_EQ(stored().state(), v1::RUN_STATE_PARTIAL);
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  ASSERT_FALSE(updates->empty());
  EXPECT_TRUE(updates->back().has_run_finished());
}

TEST_F(coordinator_test, sends_no_task_before_the_result_it_depends_on_is_durable) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  seen->hold_appends = true;
  answer(x, 1);
  EXPECT_TRUE(seen->tasks.empty());
  ASSERT_EQ(seen->held.size(), 1U);
  release_appends();
  EXPECT_EQ(next_task().task.step(), "y");
}

TEST_F(coordinator_test, starts_the_same_run_once_however_often_it_is_submitted) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto again = ask<v1::RunAccepted>(boss, submission(two_steps));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->run_id(), "r1");
  EXPECT_EQ(seen->tasks.size(), 1U);
}

TEST_F(coordinator_test, refuses_a_definition_that_is_not_valid) {
  v1::SubmitRun request;
  request.set_definition(R"({"workflow": "x", "steps": [{"id": "a", "agent": "nobody"}]})");
  auto answered = ask<v1::RunAccepted>(boss, request);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::invalid_input);
  EXPECT_THAT(message_of(answered.error()), HasSubstr("nobody"));
}

TEST_F(coordinator_test, refuses_an_input_that_does_not_fit) {
  auto request = submission(R"(
workflow: strict
input: {type: object, required: [goal]}
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w}]
)");
  auto answered = ask<v1::RunAccepted>(boss, request);
  ASSERT_FALSE(answered);
  EXPECT_THAT(message_of(answered.error()), HasSubstr("goal"));
}

TEST_F(coordinator_test, tells_a_watcher_what_happens_and_how_it_ended) {
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

TEST_F(coordinator_test, tells_nothing_but_the_end_to_a_watcher_who_wants_no_more) {
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

TEST_F(coordinator_test, tells_who_comes_late_everything_once_it_is_durable) {
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

TEST_F(coordinator_test, does_not_wait_for_a_journal_that_keeps_nothing) {
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

TEST_F(coordinator_test, tells_a_late_watcher_how_a_run_ended) {
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

TEST_F(coordinator_test, cancels_a_run_and_its_tasks) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::CancelRun cancel;
  cancel.set_run_id("r1");
  ASSERT_TRUE(ask<v1::Ack>(boss, cancel));
  EXPECT_EQ(stored().state(), v1::RUN_STATE_CANCELLED);
  EXPECT_EQ(seen->cancels.size(), 1U);
}

TEST_F(coordinator_test, acknowledges_a_cancellation_when_the_journal_has_it) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  seen->hold_appends = true;
  v1::CancelRun cancel;
  cancel.set_run_id("r1");
  auto asked = self->request(boss, std::chrono::seconds{3600}, cancel);
  run();
  EXPECT_FALSE(self->has_next_message()) << "this process could die now, and the run would go on";
  release_appends();
  EXPECT_TRUE(reply<v1::Ack>(asked));
  EXPECT_EQ(stored().state(), v1::RUN_STATE_CANCELLED);
}

TEST_F(coordinator_test, knows_no_run_that_is_not_there) {
  v1::CancelRun cancel;
  cancel.set_run_id("nope");
  auto answered = ask<v1::Ack>(boss, cancel);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::not_found);
}

TEST_F(coordinator_test, waits_for_a_store_that_refuses_and_loses_nothing) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  seen->append_error = error{v1::ERROR_CODE_STORE, "disk full", true};
  answer(x, 1);
  EXPECT_TRUE(seen->tasks.empty());
  seen->append_error.reset();
  advance(std::chrono::seconds{2});
  EXPECT_EQ(next_task().task.step(), "y");
}

TEST_F(coordinator_test, tells_an_outage_of_the_store_in_two_lines_however_many_runs_wait) {
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

TEST_F(coordinator_test, tells_an_outage_of_the_store_once_while_runs_cannot_be_taken_over) {
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

TEST_F(coordinator_test, keeps_a_run_whose_append_was_slower_than_its_patience) {
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

TEST_F(coordinator_test, drops_a_run_that_another_coordinator_owns) {
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

TEST_F(coordinator_test, resumes_what_a_dead_coordinator_left) {
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

TEST_F(coordinator_test, lets_a_watcher_wait_for_a_run_that_is_being_taken_over) {
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

TEST_F(coordinator_test, takes_a_run_over_once_wherever_a_second_resume_comes_between) {
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

TEST_F(coordinator_test, takes_it_for_no_fault_to_resume_what_is_going_on) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  v1::ResumeRuns request;
  request.set_run_id("r1");
  auto taken = ask<v1::RunList>(boss, request);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->runs_size(), 1);
  EXPECT_EQ(stored().epoch(), 1U);
}

TEST_F(coordinator_test, tells_a_watcher_that_nobody_here_works_on_the_run) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  stop(boss);
  boss = spawn_coordinator("c2");
  v1::WatchRun watch;
  watch.set_run_id("r1");
  auto answered = ask<v1::RunSummary>(boss, watch, watcher);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::unavailable);
}

TEST_F(coordinator_test, takes_a_crashed_run_up_again_from_its_journal) {
  ask<v1::RunAccepted>(boss, submission(two_steps));
  auto x = next_task();
  self->send_exit(x.owner, caf::exit_reason::kill);
  run();
  auto again = next_task();
  EXPECT_EQ(again.task.step(), "x");
  EXPECT_EQ(again.task.attempt(), 2U);
}

TEST_F(coordinator_test, fires_the_timers_of_a_run) {
  ask<v1::RunAccepted>(boss, submission(R"(
workflow: slow
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w, timeout: 5s}]
)"));
  advance(std::chrono::seconds{6});
  EXPECT_EQ(stored().state(), v1::RUN_STATE_FAILED);
}

TEST_F(coordinator_test, has_a_fan_out_aggregated) {
  ask<v1::RunAccepted>(boss, submission(R"(
workflow: fan
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - id: all
    parallel: {each: "$.input", agent: w, aggregate: {strategy: merge_all}}
output: "$.steps.all.aggregated_result"
)",
                                        {"a", "b"}));
  answer(next_task(), 1);
  answer(next_task(), 2);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
}

TEST_F(coordinator_test, calls_an_agent_outside_of_any_run) {
  v1::InvokeAgent invoke;
  invoke.set_agent("w");
  invoke.mutable_message()->mutable_content()->set_data("1");
  auto pending = self->request(boss, std::chrono::seconds{10}, invoke);
  run();
  auto work = next_task();
  answer(work, 42);
  pending.receive([](const v1::TaskResult& result) { EXPECT_EQ(result.output().data(), "42"); },
                  [](const caf::error& why) { FAIL() << caf::to_string(why); });
}

TEST_F(coordinator_test, calls_an_agent_by_its_capability) {
  v1::InvokeAgent invoke;
  invoke.set_capability("weaving");
  auto pending = self->request(boss, std::chrono::seconds{10}, invoke);
  run();
  auto work = next_task();
  EXPECT_EQ(work.task.agent(), "w");
  answer(work, 1);
  pending.receive([](const v1::TaskResult&) {}, [](const caf::error& why) { FAIL() << caf::to_string(why); });
}

TEST_F(coordinator_test, says_at_once_that_nobody_offers_an_agent) {
  v1::InvokeAgent invoke;
  invoke.set_agent("nobody");
  auto answered = ask<v1::TaskResult>(boss, invoke);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::not_found);
}

} // namespace
} // namespace troupe
