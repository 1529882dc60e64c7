// How teams end: by verdict, condition, handoff, selector, rounds, or at their bound; and where they begin.
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string team_of(const std::string& body) {
  return R"(
workflow: w
agents:
  a: {kind: function, replicas: 2}
  b: {kind: function, replicas: 2}
  judge: {kind: function}
steps:
  - id: write
    team:
)" + body + "output: $.steps.write\n";
}

constexpr const char* by_phase = R"(
      agents: [{role: a}, {role: judge, archetype: critic, writes: false}]
      phases: [{phase: draft, roles: [a]}, {phase: review, roles: [judge]}]
)";

struct course {
  std::vector<std::string> turns;
  json output;
  v1::RunState state = v1::RUN_STATE_UNSPECIFIED;
  std::string why;
};

/// What becomes of a team whose members answer so.
course play(const std::string& body, const run_harness::agent_function& answer, json input = json::object()) {
  run_harness run{team_of(body), std::move(input)};
  course out;
  run.work([&](const v1::Task& task, const json& told) {
    out.turns.push_back(task.turn().role());
    return answer(task, told);
  });
  EXPECT_TRUE(run.finished());
  out.state = run.state();
  out.why = run.machine.outcome().error.message();
  if (out.state == v1::RUN_STATE_SUCCEEDED || out.state == v1::RUN_STATE_PARTIAL)
    out.output = run.output();
  return out;
}

json text(const v1::Task&, const json&) {
  return "text";
}

// -- verdicts ---------------------------------------------------------------------------------------------------------

TEST(team_ends, approved_only_if_whoever_is_to_judge_says_so) {
  for (const auto& said : {json("It is fine."), json{{"verdict", "perhaps"}}, json{{"comments", "good"}}, json()}) {
    auto x = play(by_phase, [&](const v1::Task& task, const json&) -> json {
      return task.turn().role() == "judge" ? said : json("text");
    });
    EXPECT_EQ(x.output["ended"], "max_iterations") << said;
    EXPECT_EQ(x.output["completed"], false) << said;
    EXPECT_EQ(x.state, v1::RUN_STATE_PARTIAL) << said;
  }
}

TEST(team_ends, tells_whoever_gave_no_verdict_what_one_looks_like) {
  json refused;
  auto x = play(by_phase, [&](const v1::Task& task, const json& told) -> json {
    if (task.turn().role() != "judge")
      return "text";
    if (told["iteration"] == 1)
      return "It is fine.";
    refused = told["refused"];
    return {{"verdict", "approve"}};
  });
  EXPECT_EQ(x.output["ended"], "approved");
  EXPECT_THAT(x.turns, ElementsAre("a", "judge", "a", "judge"));
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_THAT(refused[0]["message"].get<std::string>(),
              HasSubstr("there is no verdict in it; a review yields {\"verdict\": \"approve\"}"));
}

TEST(team_ends, at_a_strict_bound_it_names_who_gave_no_verdict) {
  auto x = play(std::string{by_phase} + "      max_iterations: 1\n      at_bound: fail\n", text);
  EXPECT_EQ(x.state, v1::RUN_STATE_FAILED);
  EXPECT_THAT(x.why, HasSubstr("not done after 1 iteration: judge gave no verdict"));
}

TEST(team_ends, a_word_of_the_last_phase_is_welcome_but_not_needed) {
  const auto* body = R"(
      agents: [{role: a}, {role: b}]
      phases: [one, two]
)";
  EXPECT_EQ(play(body, text).output["ended"], "phases");
  auto revised = play(body, [n = 0](const v1::Task& task, const json&) mutable -> json {
    return task.turn().role() == "b" && ++n == 1 ? json{{"verdict", "revise"}, {"comments", "again"}} : json("text");
  });
  EXPECT_THAT(revised.turns, ElementsAre("a", "b", "a", "b"));
}

TEST(team_ends, a_reviewer_that_may_fail_approves_nothing_by_failing) {
  run_harness run{team_of(R"(
      agents: [{role: a}, {role: judge, archetype: critic, writes: false, on_error: continue}]
      phases: [{phase: draft, roles: [a]}, {phase: review, roles: [judge]}]
      max_iterations: 1
)")};
  run.succeed(run.task_at("write[a]"), "text");
  run.fail(run.task_at("write[judge]"));
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(run.output()["completed"], false);
}

// -- other ends -------------------------------------------------------------------------------------------------------

struct ending {
  const char* what;
  const char* body;
  run_harness::agent_function answer;
  const char* ended;
  bool completed;
  size_t turns;
};

json approves(const v1::Task& task, const json&) {
  return task.turn().role() == "judge" ? json{{"verdict", "approve"}} : json("text");
}

const std::vector<ending>& endings() {
  static const std::vector<ending> out = {
      {"by_phase until", R"(
      agents: [{role: a}, {role: b}]
      phases: [one, two]
      until: "workspace.turn >= 4"
)",
       text, "until", true, 4},
      {"by_phase until, never", R"(
      agents: [{role: a}, {role: b}]
      phases: [one, two]
      until: "false"
      max_iterations: 2
)",
       text, "max_iterations", false, 4},
      {"round_robin until", R"(
      turns: round_robin
      agents: [{role: a}, {role: b}]
      until: "workspace.turn >= 2"
)",
       text, "until", true, 2},
      {"round_robin approved", R"(
      turns: round_robin
      agents: [{role: a}, {role: judge, archetype: critic}, {role: b}]
)",
       approves, "approved", true, 2},
      {"round_robin rounds", R"(
      turns: round_robin
      agents: [{role: a}, {role: b}]
      max_iterations: 2
)",
       text, "rounds", true, 4},
      {"selector until", R"(
      turns: {selector: "'a'"}
      agents: [{role: a}, {role: b}]
      until: "workspace.turn >= 1"
)",
       text, "until", true, 1},
      {"selector approved", R"(
      turns: {selector: "workspace.turn == 0 and 'a' or 'judge'"}
      agents: [{role: a}, {role: judge, archetype: critic}]
)",
       approves, "approved", true, 2},
      {"selector done before its condition holds", R"(
      turns: {selector: "workspace.turn == 0 and 'a' or nil"}
      agents: [{role: a}, {role: b}]
      until: "false"
)",
       text, "selector", false, 1},
      {"selector done after an iteration", R"(
      turns: {selector: "workspace.turn < 2 and 'a' or nil"}
      agents: [{role: a}, {role: b}]
      max_iterations: 2
)",
       text, "selector", true, 2},
      {"selector done after the last iteration", R"(
      turns: {selector: "workspace.turn < 4 and 'a' or nil"}
      agents: [{role: a}, {role: b}]
      max_iterations: 2
)",
       text, "selector", true, 4},
      {"selector at its bound", R"(
      turns: {selector: "'a'"}
      agents: [{role: a}, {role: b}]
      max_iterations: 2
)",
       text, "max_iterations", false, 4},
      {"handoff until", R"(
      turns: handoff
      agents: [{role: a}, {role: b}]
      until: "workspace.turn >= 1"
)",
       text, "until", true, 1},
      {"handoff to nobody", R"(
      turns: handoff
      agents: [{role: a}, {role: b}]
)",
       text, "handed_over", true, 1},
      {"handoff to nobody before the condition holds", R"(
      turns: handoff
      agents: [{role: a}, {role: b}]
      until: "false"
)",
       text, "handed_over", false, 1},
      {"free until", R"(
      turns: free
      agents: [{role: a}, {role: b}]
      until: "workspace.artifacts.b ~= nil"
)",
       text, "until", true, 2},
      {"free approved", R"(
      turns: free
      agents: [{role: a}, {role: judge, archetype: critic}]
)",
       approves, "approved", true, 2},
      {"free rounds", R"(
      turns: free
      agents: [{role: a}, {role: b}]
      max_iterations: 2
)",
       text, "rounds", true, 4},
  };
  return out;
}

TEST(team_ends, with_what_was_made_last_as_its_result_and_not_the_verdict_on_it) {
  auto how = play(R"(
      agents: [{role: a}, {role: judge, archetype: critic}]
      phases: [one, two]
)",
                  approves);
  EXPECT_EQ(how.output["result"], "text");
  EXPECT_EQ(how.output["artifacts"]["two"], (json{{"verdict", "approve"}})) << "it is kept all the same";
}

TEST(team_ends, with_the_place_of_a_selector_that_cannot_be_evaluated) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}}
steps: [{id: t, team: {agents: [{role: a}], turns: {selector: "nil + 1"}}}]
)"};
  EXPECT_THAT(run.machine.outcome().error.message(), testing::HasSubstr("t: selector: "));
}

TEST(team_ends, in_each_order_of_turns_as_documented) {
  for (const auto& x : endings()) {
    SCOPED_TRACE(x.what);
    auto how = play(x.body, x.answer);
    EXPECT_EQ(how.output["ended"], x.ended);
    EXPECT_EQ(how.output["completed"], x.completed);
    EXPECT_EQ(how.state, x.completed ? v1::RUN_STATE_SUCCEEDED : v1::RUN_STATE_PARTIAL);
    EXPECT_EQ(how.turns.size(), x.turns);
    EXPECT_EQ(how.output["iterations"], (x.turns + 1) / 2);
  }
}

TEST(team_ends, when_its_condition_cannot_be_evaluated) {
  auto x = play(
      "      turns: round_robin\n      agents: [{role: a}, {role: b}]\n      until: \"workspace.nothing.at_all\"\n",
      text);
  EXPECT_EQ(x.state, v1::RUN_STATE_FAILED);
  EXPECT_THAT(x.why, HasSubstr("until: "));
}

TEST(team_ends, a_review_that_hands_over_to_nobody_sends_back_to_where_the_work_came_from) {
  auto x = play(R"(
      turns: handoff
      agents: [{role: a}, {role: judge, archetype: critic}]
)",
                [reviews = 0](const v1::Task& task, const json&) mutable -> json {
                  if (task.turn().role() == "a")
                    return R"({"output": "text", "operations": [{"op": "handoff", "to": "judge"}]})"_json;
                  return ++reviews == 1 ? R"({"verdict": "revise", "comments": "again"})"_json
                                        : R"({"verdict": "approve"})"_json;
                });
  EXPECT_THAT(x.turns, ElementsAre("a", "judge", "a", "judge"));
  EXPECT_EQ(x.output["ended"], "approved");
}

// -- where they begin -------------------------------------------------------------------------------------------------

constexpr const char* given = R"(
      agents: [{role: a}, {role: b}]
      phases: [{phase: one, roles: [a]}, {phase: two, roles: [b]}]
      review: {by: [b]}
      max_iterations: 3
      workspace: $.input.ws
)";

TEST(team_begins, in_the_phase_and_iteration_of_the_workspace_that_it_is_given) {
  std::vector<json> told_at;
  auto x = play(given,
                [&](const v1::Task& task, const json& told) -> json {
                  told_at.push_back(told["iteration"]);
                  return task.turn().role() == "b" && told_at.size() == 1
                             ? json{{"verdict", "revise"}, {"comments", "no"}}
                             : json{{"verdict", "approve"}};
                },
                {{"ws", {{"current_phase", "two"}, {"iteration", 2}, {"created", "2026-01-02T10:30:00Z"}}}});
  EXPECT_THAT(x.turns, ElementsAre("b", "a", "b"));
  EXPECT_THAT(told_at, ElementsAre(2, 3, 3));
}

TEST(team_begins, with_what_the_shorter_form_of_a_workspace_says) {
  json workspace;
  play(given,
       [&](const v1::Task&, const json& told) -> json {
         workspace = told["workspace"];
         return {{"verdict", "approve"}};
       },
       {{"ws", {{"task_id", "xyz"}, {"goal", "a report"}, {"created", "2026-01-02T10:30:00Z"}, {"id", "ws-9"}}}});
  EXPECT_EQ(workspace["task"]["goal"], "a report");
  EXPECT_EQ(workspace["task"]["id"], "xyz");
  EXPECT_EQ(workspace["created"], "2026-01-02T10:30:00Z");
  EXPECT_EQ(workspace["id"], "ws-9");
}

TEST(team_begins, nowhere_that_it_does_not_have) {
  auto why = [](const json& ws) { return play(given, text, {{"ws", ws}}).why; };
  EXPECT_THAT(why({{"current_phase", "three"}}),
              HasSubstr("workspace.current_phase is \"three\"; the team's phases are one, two"));
  EXPECT_THAT(why({{"iteration", 4}}), HasSubstr("workspace.iteration must be a number from 1 to 3 (max_iterations)"));
  EXPECT_THAT(why({{"iteration", "1"}}), HasSubstr("workspace.iteration must be a number"));
}

// -- what mappings see ------------------------------------------------------------------------------------------------

TEST(team_mappings, see_large_artifacts_whole_where_members_are_told_a_reference) {
  auto big = std::string(100, 'x');
  json mapped;
  json told_by_default;
  play(R"(
      limits: {inline_bytes: 16}
      agents:
        - {role: a, writes: a}
        - {role: b, writes: false, input: {whole: $.workspace.artifacts.a, size: "$.workspace.versions.a"}}
        - {role: judge, writes: false}
      phases: [{phase: one, roles: [a]}, {phase: two, roles: [b]}, {phase: three, roles: [judge]}]
)",
       [&](const v1::Task& task, const json& told) -> json {
         if (task.turn().role() == "b")
           mapped = told;
         if (task.turn().role() == "judge")
           told_by_default = told["workspace"]["artifacts"]["a"];
         return big;
       });
  EXPECT_EQ(mapped["whole"], big);
  EXPECT_EQ(told_by_default, (json{{"$artifact", "a"}, {"version", 1}, {"bytes", 102}}));
}

} // namespace
} // namespace troupe::test
