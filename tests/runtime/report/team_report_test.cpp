// What a report says of teams: who did what, and what that cost.
#include "tests/runtime/report/recorder.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using test::recorder;
using ::testing::HasSubstr;

const std::string document = R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: write
    team:
      goal: a text
      turns: round_robin
      max_iterations: 1
      agents: [{role: writer, agent: a}, {role: reader, agent: b, writes: false}]
)";

json put(const json& value) {
  return {{"op", "put"}, {"artifact", "draft"}, {"value", value}};
}

const role_report& role_of(const run_report& report, const std::string& role) {
  for (auto& team : report.teams)
    for (auto& x : team.roles)
      if (x.role == role)
        return x;
  throw std::runtime_error("no role " + role);
}

TEST(team_report, says_what_each_role_did_and_spent) {
  recorder run{document};
  auto writer = run.task_at("write[writer]");
  run.operate(writer, 1, put("one"));
  run.operate(writer, 2, {{"op", "put"}, {"artifact", "draft"}, {"value", "two"}, {"expected_version", 9}});
  run.now += 100;
  run.operate(writer, 3, {{"op", "ask"}, {"to", "reader"}, {"content", "?"}});
  run.done("write[reader:answer]", 300);
  run.now += 50;
  run.finish(writer, 450, v1::TASK_STATUS_SUCCESS, "w1");
  run.done("write[reader]", 200);
  ASSERT_TRUE(run.finished());
  auto report = run.report();
  ASSERT_EQ(report.teams.size(), 1U);
  EXPECT_EQ(report.teams[0].step, "write");
  EXPECT_EQ(report.teams[0].outcome, "succeeded");
  EXPECT_EQ(report.teams[0].ended, "rounds");
  EXPECT_EQ(report.teams[0].iterations, 1U);
  auto& w = role_of(report, "writer");
  EXPECT_EQ(w.turns, 1U);
  EXPECT_EQ(w.answers, 0U);
  EXPECT_EQ(w.asked, 1U);
  EXPECT_EQ(w.answered, 0U);
  EXPECT_EQ(w.writes, 2U) << "its put, and its output";
  EXPECT_EQ(w.refused, 1U);
  EXPECT_EQ(w.waited_ms, 300);
  EXPECT_EQ(w.work_ms, 150) << "waiting for a teammate is no work";
  EXPECT_EQ(w.usage.usd, 0.5);
  auto& r = role_of(report, "reader");
  EXPECT_EQ(r.turns, 1U);
  EXPECT_EQ(r.answers, 1U);
  EXPECT_EQ(r.answered, 1U);
  EXPECT_EQ(r.writes, 0U);
  EXPECT_EQ(r.work_ms, 500);
  EXPECT_EQ(r.waited_ms, 0);
  EXPECT_EQ(r.usage.tokens_in, 20U);
  EXPECT_EQ(report.parts_ms, 650) << "nobody's time counts twice";
}

TEST(team_report, counts_what_was_not_answered_as_waiting_and_not_as_an_answer) {
  recorder run{document};
  auto writer = run.task_at("write[writer]");
  run.operate(writer, 1, {{"op", "ask"}, {"to", "reader"}, {"content", "?"}});
  run.failed("write[reader:answer]", 300);
  run.operate(writer, 2, {{"op", "ask"}, {"to", "reader"}, {"content", "again?"}});
  run.now += 200;
  run.lose(writer);
  auto report = run.report();
  auto& r = role_of(report, "reader");
  EXPECT_EQ(r.answers, 2U);
  EXPECT_EQ(r.answered, 0U);
  EXPECT_EQ(role_of(report, "writer").attempts, 2U);
  EXPECT_EQ(role_of(report, "writer").waited_ms, 0) << "nobody said how long an attempt ran that was lost";
}

TEST(team_report, adds_up_whatever_a_member_does_in_a_turn) {
  recorder run{R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: write
    team:
      goal: a text
      turns: round_robin
      max_iterations: 1
      agents:
        - role: writer
          step: {parallel: {each: "$.input.parts", agent: a}}
)",
               json{{"parts", {"x", "y"}}}};
  run.done("write[writer][x]", 100);
  run.done("write[writer][y]", 200);
  auto report = run.report();
  auto& w = role_of(report, "writer");
  EXPECT_EQ(w.attempts, 2U);
  EXPECT_EQ(w.work_ms, 300);
  EXPECT_EQ(w.usage.usd, 1.0);
}

TEST(team_report, has_forms_for_programs_and_for_people) {
  recorder run{document};
  run.done("write[writer]", 100);
  auto out = to_json(run.report());
  EXPECT_EQ(out["teams"][0]["step"], "write");
  EXPECT_EQ(out["teams"][0]["outcome"], "running");
  EXPECT_EQ(out["teams"][0]["roles"][0]["role"], "writer");
  EXPECT_EQ(out["teams"][0]["roles"][0]["turns"], 1);
  EXPECT_EQ(out["teams"][0]["roles"][0]["usage"]["usd"], 0.5);
  EXPECT_EQ(out["teams"][0]["roles"][1]["turns"], 1) << "it has begun";
  EXPECT_EQ(out["timeline"][0]["waited_ms"], 0);
  run.done("write[reader]", 2'000);
  auto text = to_text(run.report());
  EXPECT_THAT(
      text,
      HasSubstr("\nteam write: succeeded (rounds, 1 iteration)\n"
                "ROLE    TURNS  ANSWERS  ASKED  ANSWERED  WRITES  REFUSED    WORK  WAITED  TOKENS IN  OUT     USD\n"));
  EXPECT_THAT(
      text,
      HasSubstr("reader      1        0      0         0       0        0  2.00 s    0 ms         10    1  0.5000\n"));
}

TEST(team_report, has_no_teams_where_there_are_none) {
  recorder run{"workflow: w\nagents: {a: {kind: lua, script: \"return 1\"}}\nsteps: [{id: x, agent: a}]\n"};
  run.done("x", 100);
  EXPECT_TRUE(run.report().teams.empty());
}

} // namespace
} // namespace troupe
