#include "runtime/run/session.hpp"

#include "tests/runtime/run/session_events.hpp"
#include "tests/support/run_harness.hpp"

#include <algorithm>

namespace troupe {
namespace {

using test::success;
using test::tasks_of;

struct session_test : ::testing::Test {
  workflow_ptr definition = test::compile(R"(
workflow: chain
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w, timeout: 60s}
  - {id: y, agent: w, needs: [x]}
)");
  v1::RunSummary summary;
  v1::RunEvent submitted;

  session_test() {
    summary.set_run_id("r1");
    summary.set_epoch(1);
    summary.set_owner("c1");
    summary.set_state(v1::RUN_STATE_RUNNING);
    submitted.set_at_ms(1'000);
    submitted.mutable_run_submitted()->set_run_id("r1");
  }

  run_session begun() {
    run_session session{definition, summary, false};
    session.replay(submitted);
    return session;
  }
};

TEST_F(session_test, lets_no_command_leave_before_its_event_is_durable) {
  auto session = begun();
  auto first = tasks_of(session.appended(1));
  ASSERT_EQ(first.size(), 1U);
  ASSERT_TRUE(session.offer(success(first[0]), 2'000));
  auto append = session.take_append();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->first_seq(), 2U);
  EXPECT_EQ(append->events_size(), 1);
  EXPECT_FALSE(session.take_append()) << "one append at a time";
  EXPECT_EQ(tasks_of(session.appended(2)).size(), 1U);
}

TEST_F(session_test, begins_a_wide_run_piece_by_piece) {
  definition = test::compile(R"(
workflow: wide
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: all, parallel: {each: "$.input.items", agent: w}}]
)");
  auto input = json{{"items", json::array()}};
  for (int i = 0; i < 1'000; ++i)
    input["items"].push_back(i);
  submitted.mutable_run_submitted()->set_input(input.dump());
  run_session session{definition, summary, false};
  size_t pieces = 0;
  std::vector<v1::Task> tasks;
  session.begin(submitted, [&](std::vector<command> commands) {
    pieces += commands.empty() ? 0 : 1;
    for (auto& x : tasks_of(commands))
      tasks.push_back(std::move(x));
  });
  EXPECT_GE(pieces, 1'000 / run_machine::piece);
  auto whole = begun();
  auto expected = tasks_of(whole.appended(1));
  ASSERT_EQ(tasks.size(), expected.size());
  for (size_t i = 0; i < tasks.size(); ++i)
    EXPECT_EQ(tasks[i].SerializeAsString(), expected[i].SerializeAsString());
  EXPECT_EQ(session.machine().digest(), whole.machine().digest());
  EXPECT_TRUE(session.appended(1).empty()) << "everything has left";
}

TEST_F(session_test, keeps_the_end_back_of_a_run_that_its_first_event_ends) {
  definition = test::compile(R"(
workflow: nothing_to_do
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w, when: "false"}]
)");
  run_session session{definition, summary, false};
  session.begin(submitted, [](std::vector<command> commands) { EXPECT_TRUE(commands.empty()); });
  auto append = session.take_append();
  ASSERT_TRUE(append);
  EXPECT_TRUE(append->has_summary());
  EXPECT_EQ(session.appended(session.last_appended()).size(), 1u);
  EXPECT_TRUE(session.done());
}

TEST_F(session_test, keeps_the_end_back_of_a_wide_run_that_its_first_event_ends) {
  definition = test::compile(R"(
workflow: wide
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: all, parallel: {each: "$.input.items", agent: w}}
  - {id: broken, agent: w, when: "nil + 1"}
)");
  auto input = json{{"items", json::array()}};
  for (int i = 0; i < 200; ++i)
    input["items"].push_back(i);
  submitted.mutable_run_submitted()->set_input(input.dump());
  run_session session{definition, summary, false};
  auto ends = [](const std::vector<command>& commands) {
    return std::any_of(commands.begin(), commands.end(),
                       [](const command& x) { return std::holds_alternative<finish_run>(x); });
  };
  session.begin(submitted, [&](std::vector<command> commands) { EXPECT_FALSE(ends(commands)); });
  EXPECT_FALSE(session.done()) << "the store does not have the end";
  auto append = session.take_append();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->summary().state(), v1::RUN_STATE_FAILED);
  EXPECT_TRUE(ends(session.appended(session.last_appended())));
  EXPECT_TRUE(session.done());
}

TEST_F(session_test, stores_the_end_of_a_run_that_its_first_event_ends) {
  definition = test::compile(R"(
workflow: nothing_to_do
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: x, agent: w, when: "false"}]
)");
  auto session = begun();
  EXPECT_FALSE(session.done()) << "the store has the event, but not the end";
  auto append = session.take_append();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->events_size(), 0);
  EXPECT_EQ(append->first_seq(), 2U);
  EXPECT_EQ(append->summary().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_FALSE(session.take_append()) << "one append at a time";
  auto commands = session.appended(1);
  ASSERT_EQ(commands.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<finish_run>(commands[0]));
  EXPECT_TRUE(session.done());

  auto next_life = begun();
  next_life.resume(5'000);
  EXPECT_TRUE(next_life.take_append()) << "its coordinator may have died in between";
}

TEST_F(session_test, appends_the_same_events_again_after_a_failure) {
  auto session = begun();
  auto first = tasks_of(session.appended(1));
  session.offer(success(first[0]), 2'000);
  auto append = session.take_append();
  session.append_failed();
  auto again = session.take_append();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->SerializeAsString(), append->SerializeAsString());
}

TEST_F(session_test, says_how_the_run_ended_in_the_append_that_ends_it) {
  auto session = begun();
  auto x = tasks_of(session.appended(1));
  session.offer(success(x[0]), 2'000);
  session.take_append();
  auto y = tasks_of(session.appended(2));
  session.offer(success(y[0]), 3'000);
  auto append = session.take_append();
  ASSERT_TRUE(append->has_summary());
  EXPECT_EQ(append->summary().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(append->summary().finished_at_ms(), 3'000);
  EXPECT_FALSE(session.done());
  session.appended(3);
  EXPECT_TRUE(session.done());
}

TEST_F(session_test, does_not_wait_an_hour_more_for_a_timer_because_the_clock_was_set_back_by_one) {
  constexpr int64_t hour = 3'600'000;
  run_session session{definition, summary, false};
  submitted.set_at_ms(hour);
  session.replay(submitted);
  session.appended(1);
  session.fire_timers(1'000);
  ASSERT_EQ(session.next_timer(), 61'000);
  session.fire_timers(60'999);
  EXPECT_FALSE(session.take_append());
  session.fire_timers(61'000);
  auto append = session.take_append();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->events(0).at_ms(), hour + 60'000) << "the journal's time never goes back";
}

TEST_F(session_test, fires_a_timer_when_it_is_due_and_not_before) {
  auto session = begun();
  session.appended(1);
  ASSERT_EQ(session.next_timer(), std::optional<int64_t>{61'000});
  session.fire_timers(60'999);
  EXPECT_FALSE(session.machine().finished());
  session.fire_timers(61'000);
  EXPECT_TRUE(session.machine().finished());
}

TEST_F(session_test, keeps_timers_over_a_restart_and_sends_again_what_was_in_flight) {
  auto before = begun();
  auto first = tasks_of(before.appended(1));
  summary.set_epoch(2);
  summary.set_owner("c2");
  auto after = begun();
  after.resume(5'000);
  EXPECT_EQ(after.next_timer(), std::optional<int64_t>{61'000});
  auto append = after.take_append();
  ASSERT_TRUE(append);
  EXPECT_EQ(append->epoch(), 2U);
  ASSERT_TRUE(append->events(0).has_run_resumed());
  auto again = tasks_of(after.appended(2));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt(), 2U);
  EXPECT_EQ(again[0].idempotency_key(), first[0].idempotency_key());
}

TEST_F(session_test, never_lets_the_clock_of_a_run_go_back) {
  auto session = begun();
  auto first = tasks_of(session.appended(1));
  session.offer(success(first[0]), 500);
  EXPECT_EQ(session.take_append()->events(0).at_ms(), 1'000);
}

TEST_F(session_test, is_not_misled_by_the_late_answer_to_an_append_that_it_has_repeated_with_more) {
  auto session = begun();
  auto first = tasks_of(session.appended(1));
  ASSERT_TRUE(session.offer(success(first[0]), 2'000));
  session.take_append();
  session.append_failed();
  v1::RunEvent cancel;
  cancel.mutable_run_cancel_requested()->set_reason("enough");
  ASSERT_TRUE(session.offer(cancel, 3'000));
  ASSERT_EQ(session.take_append()->events_size(), 2);
  EXPECT_TRUE(session.appended(2).empty());
  EXPECT_FALSE(session.done()) << "its last event is not durable";
  session.appended(3);
  EXPECT_TRUE(session.done());
}

} // namespace
} // namespace troupe
