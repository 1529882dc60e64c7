// What a run shows of the workspaces of its teams, while they work and afterwards.
#include "runtime/run/replay_workspace.hpp"

#include "runtime/run/session.hpp"
#include "runtime/team/workspace_feed.hpp"
#include "tests/support/run_harness.hpp"
#include "tests/support/workspace_mirror.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace troupe::test {
namespace {

using testing::HasSubstr;

const std::string document = R"(
workflow: w
agents:
  a: {kind: function}
  b: {kind: function}
steps:
  - id: write
    team:
      goal: a text
      turns: round_robin
      max_iterations: 2
      agents: [{role: a}, {role: b}]
)";

const std::string two_teams = R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - {id: one, team: {goal: g, turns: round_robin, max_iterations: 1, agents: [{role: a}]}}
  - {id: two, team: {goal: g, turns: round_robin, max_iterations: 1, agents: [{role: b}]}}
)";

v1::RunDetails details_of(const run_harness& run) {
  v1::RunDetails out;
  out.mutable_summary()->set_run_id("r1");
  out.mutable_summary()->set_state(run.finished() ? run.machine.outcome().state : v1::RUN_STATE_RUNNING);
  out.set_definition(run.definition->document.dump());
  for (const auto& x : run.journal)
    *out.add_events() = x;
  return out;
}

json shown(const workspace& x) {
  return json::parse(workspace_feed{"r1", "s", x}.read({})->document());
}

/// Feeds one event to a machine; what it says of workspaces.
std::vector<command> step(run_machine& machine, const v1::RunEvent& event) {
  std::vector<command> out;
  machine.step(event, out);
  std::erase_if(out, [](const command& x) {
    return !std::holds_alternative<workspace_changed>(x) && !std::holds_alternative<workspace_ended>(x);
  });
  return out;
}

TEST(team_workspace, is_not_talked_about_until_somebody_asks) {
  run_harness run{document};
  run.succeed(run.task_at("write[a]"), "text");
  run_machine machine{run.definition};
  size_t said = 0;
  for (const auto& event : run.journal)
    said += step(machine, event).size();
  EXPECT_EQ(said, 0U);
}

TEST(team_workspace, tells_everything_from_the_moment_somebody_asks_to_the_end_of_the_team) {
  run_harness run{document};
  int turn = 0;
  run.work([&](const v1::Task&, const json&) -> json { return "text " + std::to_string(++turn); });
  ASSERT_TRUE(run.finished());
  // Whenever it is asked for, the copy stays equal.
  for (size_t from = 1; from < run.journal.size(); ++from) {
    run_machine machine{run.definition};
    for (size_t i = 0; i < from; ++i)
      step(machine, run.journal[i]);
    auto begun = machine.show_workspace("write");
    ASSERT_TRUE(begun);
    workspace copy{*begun->now};
    auto ended = false;
    for (size_t i = from; i < run.journal.size(); ++i)
      for (auto& x : step(machine, run.journal[i])) {
        if (auto* changed = std::get_if<workspace_changed>(&x)) {
          EXPECT_EQ(changed->team, begun->team);
          for (const auto& change : changed->changes) {
            EXPECT_EQ(change.seq, copy.seq() + 1);
            copy.apply(change);
          }
        } else {
          ended = true;
          EXPECT_EQ(shown(*std::get<workspace_ended>(x).last), shown(copy));
        }
      }
    EXPECT_TRUE(ended);
    ASSERT_TRUE(copy.ended());
    EXPECT_EQ(copy.ended()->reason, "rounds");
    EXPECT_EQ(copy.ended()->turns, 4U);
  }
}

TEST(team_workspace, has_the_same_numbers_whether_somebody_looks_or_not) {
  run_harness run{document};
  ASSERT_TRUE(run.machine.show_workspace("write"));
  run.succeed(run.task_at("write[a]"), "text");
  auto again = run.replay();
  EXPECT_EQ(again.show_workspace("write")->now->seq(), run.machine.show_workspace("write")->now->seq());
  EXPECT_EQ(again.digest(), run.machine.digest());
}

TEST(team_workspace, is_found_without_a_name_where_one_team_is_at_work) {
  run_harness one{document};
  EXPECT_EQ(one.machine.find_team("")->step, "write");
  EXPECT_EQ(one.machine.find_team("read").error().code, v1::ERROR_CODE_NOT_FOUND);
  run_harness two{two_teams};
  auto several = two.machine.find_team("");
  EXPECT_EQ(several.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_THAT(several.error().message, HasSubstr("one, two"));
  two.succeed(two.task_at("one[a]"), 1);
  EXPECT_EQ(two.machine.find_team("")->step, "two");
}

TEST(team_workspace, of_a_step_that_is_tried_again_is_a_new_one) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}}
steps:
  - id: write
    retry: {maximum_attempts: 2, initial_interval: 1s}
    team: {goal: g, turns: round_robin, max_iterations: 1, agents: [{role: a}]}
)"};
  auto first = run.machine.find_team("write")->team;
  auto task = run.task_at("write[a]");
  run.operate(task, 1, {{"op", "put"}, {"artifact", "draft"}, {"value", "lost"}});
  ASSERT_TRUE(run.fail(task, v1::ERROR_CODE_AGENT_FAILED, true));
  auto ended = replay_workspace(details_of(run), "write");
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->now->ended()->reason, "failed");
  EXPECT_THAT(ended->now->ended()->why, HasSubstr("it did not work"));
  EXPECT_EQ(ended->now->version_of("draft"), 1U);
  ASSERT_TRUE(run.fire_next_timer());
  EXPECT_NE(run.machine.find_team("write")->team, first);
  EXPECT_EQ(replay_workspace(details_of(run), "write")->now->version_of("draft"), 0U);
}

TEST(team_workspace, is_read_from_the_journal_while_the_team_works_and_afterwards) {
  run_harness run{document};
  run.succeed(run.task_at("write[a]"), "one");
  auto now = replay_workspace(details_of(run), "");
  ASSERT_TRUE(now);
  EXPECT_EQ(now->step, "write");
  EXPECT_FALSE(now->now->ended());
  EXPECT_EQ(shown(*now->now), shown(*run.machine.show_workspace("write")->now));
  run.work([](const v1::Task&, const json&) -> json { return "more"; });
  auto then = replay_workspace(details_of(run), "write");
  ASSERT_TRUE(then);
  EXPECT_EQ(then->now->version_of("a"), 2U);
  EXPECT_TRUE(then->now->ended()->completed);
}

TEST(team_workspace, of_a_cancelled_run_is_kept_as_it_was) {
  run_harness run{document};
  run.succeed(run.task_at("write[a]"), "one");
  run.cancel();
  auto then = replay_workspace(details_of(run), "write");
  ASSERT_TRUE(then);
  EXPECT_EQ(then->now->ended()->reason, "stopped");
  EXPECT_EQ(then->now->ended()->why, "enough");
  EXPECT_EQ(then->now->version_of("a"), 1U);
}

TEST(team_workspace, that_is_not_there_is_refused_with_those_that_are) {
  run_harness run{two_teams};
  auto later = replay_workspace(details_of(run), "three");
  EXPECT_EQ(later.error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_TRUE(later.error().retryable) << "it may still begin";
  run.work([](const v1::Task&, const json&) -> json { return 1; });
  auto never = replay_workspace(details_of(run), "three");
  EXPECT_EQ(never.error().message, "run r1 has no team at three; there is one, two");
  EXPECT_FALSE(never.error().retryable);
  auto which = replay_workspace(details_of(run), "");
  EXPECT_EQ(which.error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(which.error().message, "run r1 has several teams: name the step of one, which are one, two");
}

TEST(team_workspace, leaves_a_session_only_when_all_in_it_is_durable) {
  run_harness other{document};
  v1::RunSummary summary;
  summary.set_run_id("r1");
  summary.set_epoch(1);
  run_session session{other.definition, summary, false};
  session.replay(other.journal.at(0));
  (void)session.appended(1);
  auto task = other.task_at("write[a]");
  v1::RunEvent event;
  auto* result = event.mutable_task_finished()->mutable_result();
  result->set_task(task.task());
  result->set_attempt(task.attempt());
  result->set_epoch(1);
  result->set_status(v1::TASK_STATUS_SUCCESS);
  result->mutable_output()->set_data("\"text\"");
  ASSERT_TRUE(session.offer(event, 1'000'001));
  auto append = session.take_append();
  ASSERT_TRUE(session.show_workspace("write"));
  EXPECT_TRUE(session.take_held().empty()) << "it shows what is not durable yet";
  auto shows = [](const std::vector<command>& commands) {
    return std::count_if(commands.begin(), commands.end(),
                         [](const command& x) { return std::holds_alternative<workspace_shown>(x); });
  };
  EXPECT_EQ(shows(session.appended(2)), 1);
  ASSERT_TRUE(session.show_workspace("write"));
  EXPECT_EQ(shows(session.take_held()), 1) << "nothing new has happened";
}

TEST(team_workspace, of_the_team_around_it_is_what_a_second_try_of_an_inner_team_begins_from) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}, inner: {kind: function}}
steps:
  - id: t
    team:
      turns: round_robin
      max_iterations: 1
      agents:
        - {role: a}
        - role: b
          retry: {maximum_attempts: 2}
          step:
            team:
              agents: [{role: inner}]
              workspace: {artifacts: {draft: "$.workspace.artifacts.a"}}
              until: "false"
              max_iterations: 1
              at_bound: fail
)"};
  run.succeed(run.task_at("t[a]"), "outer");
  auto begins_with = [&] {
    auto task = *run.next_task();
    auto draft = json::parse(task.input().data())["workspace"]["artifacts"]["draft"];
    run.succeed(task, {{"operations", {{{"op", "put"}, {"artifact", "a"}, {"value", "inner's own"}}}}});
    return draft;
  };
  EXPECT_EQ(begins_with(), "outer");
  run.fire_next_timer();
  EXPECT_EQ(begins_with(), "outer");
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
}

} // namespace
} // namespace troupe::test
