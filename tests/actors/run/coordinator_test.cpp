#include "runtime/core/trace_context.hpp"
#include "tests/actors/run/coordinator_fixture.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace troupe {
namespace {

using ::testing::HasSubstr;

using namespace test;

struct coordinator_test : coordinator_fixture {};

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

TEST_F(coordinator_test, keeps_nothing_of_a_run_that_has_ended) {
  ask<v1::RunAccepted>(boss, submission(two_steps, 5));
  caf::strong_actor_ptr ended;
  {
    auto x = next_task();
    ended = caf::actor_cast<caf::strong_actor_ptr>(x.owner);
    answer(x, 6);
    answer(next_task(), 7);
  }
  ASSERT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(ended->strong_refs, 1u) << "ours";
  EXPECT_EQ(ended->weak_refs, 1u) << "what the strong ones share";
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

TEST_F(coordinator_test, sends_the_task_of_a_pure_agent_while_the_result_it_depends_on_is_being_committed) {
  ask<v1::RunAccepted>(boss, submission(R"(
workflow: ahead
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w}, {id: y, agent: w, input: "$.steps.x"}]
output: "$.steps.y"
)"));
  v1::WatchRun watch;
  watch.set_run_id("r1");
  ASSERT_TRUE(ask<v1::RunSummary>(boss, watch, watcher));
  auto x = next_task();
  seen->hold_appends = true;
  answer(x, 1);
  auto y = next_task();
  EXPECT_EQ(y.task.step(), "y");
  answer(y, 2);
  EXPECT_EQ(stored().state(), v1::RUN_STATE_RUNNING);
  auto told_the_end = [&] {
    return std::any_of(updates->begin(), updates->end(), [](const auto& update) { return update.has_run_finished(); });
  };
  EXPECT_FALSE(told_the_end()) << "nobody outside hears of what is not durable";
  release_appends();
  EXPECT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_TRUE(told_the_end());
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

TEST_F(coordinator_test, refuses_what_is_nested_so_deeply_that_it_could_not_be_read) {
  const auto deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  auto request = submission("workflow: w\nagents: {w: {kind: lua, script: 'return 1'}}\nsteps: [{id: x, agent: w}]\n");
  request.set_input(deep);
  auto answered = ask<v1::RunAccepted>(boss, request);
  ASSERT_FALSE(answered);
  EXPECT_EQ(answered.error(), ec::invalid_input);
  EXPECT_THAT(message_of(answered.error()), HasSubstr("nested deeper than 64 levels"));
  request.set_input("{}");
  request.set_definition(R"({"workflow": "x", "steps": )" + deep + "}");
  answered = ask<v1::RunAccepted>(boss, request);
  ASSERT_FALSE(answered);
  EXPECT_THAT(message_of(answered.error()), HasSubstr("nested deeper than 64 levels"));
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
