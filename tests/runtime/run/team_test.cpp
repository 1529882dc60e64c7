// Turns and their order, what members are told, and how teams end.
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string agents = R"(
agents:
  researcher: {kind: function, capabilities: [web_search, file_read]}
  writer: {kind: function, capabilities: [content_generation]}
  editor: {kind: function, capabilities: [content_revision]}
  reviewer: {kind: function, capabilities: [quality_evaluation]}
)";

const std::string template_team = R"({"team": {
    "id": "content-creation-team",
    "goal": "Create high-quality content through collaboration",
    "agents": [
      {"role": "researcher", "capabilities": ["web_search", "file_read"], "interacts_with": ["writer"]},
      {"role": "writer", "capabilities": ["content_generation"], "interacts_with": ["researcher", "editor"]},
      {"role": "editor", "capabilities": ["content_revision"], "interacts_with": ["writer", "reviewer"]},
      {"role": "reviewer", "capabilities": ["quality_evaluation"], "interacts_with": ["editor"]}
    ],
    "workflow": {"phases": ["research", "draft", "edit", "review"], "max_iterations": 3}}})";

workflow_ptr team_json() {
  load_options options;
  options.agents = source_text{"agents.yaml", agents};
  auto loaded = load_workflow({"team.json", template_team}, options);
  EXPECT_TRUE(loaded) << (loaded ? "" : to_string(loaded.error().front()));
  return *loaded;
}

std::string writing_team(const std::string& body) {
  return "workflow: w\n" + agents + "steps:\n  - id: write\n    team:\n" + body + "output: $.steps.write\n";
}

/// Roles in the order of their turns, all of which succeed with `answer`.
std::vector<std::string> turns_of(run_harness& run, const run_harness::agent_function& answer) {
  std::vector<std::string> out;
  run.work([&](const v1::Task& task, const json& input) {
    out.push_back(task.turn().role() + (task.turn().answering() ? "?" : ""));
    return answer(task, input);
  });
  return out;
}

json just_text(const v1::Task& task, const json&) {
  return "by " + task.turn().role();
}

TEST(team, runs_the_template_as_it_stands) {
  run_harness run{team_json()};
  EXPECT_THAT(turns_of(run, just_text), ElementsAre("researcher", "writer", "editor", "reviewer"));
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(
      run.output()["artifacts"],
      (json{{"research", "by researcher"}, {"draft", "by writer"}, {"edit", "by editor"}, {"review", "by reviewer"}}));
  EXPECT_EQ(run.output()["ended"], "phases");
  EXPECT_EQ(run.output()["completed"], true);
}

TEST(team, begins_with_the_workspace_and_the_message_of_the_templates) {
  json input;
  input["workspace"] = R"({"id": "ws-001", "created": "2026-01-02T10:30:00Z",
    "task": {"goal": "Create market analysis report", "requirements": [], "constraints": []},
    "artifacts": {"research": null, "draft_v1": null, "draft_v2": null, "final": null}, "decisions_made": [],
    "open_questions": [], "communication_log": [], "current_phase": "research", "iteration": 1})"_json;
  input["message"] = R"({"id": "msg-001", "timestamp": "2026-01-02T10:30:00Z", "from": "writer", "to": "researcher",
    "type": "request", "content": "Need additional data on competitor pricing", "priority": "normal",
    "requires_response": true, "timeout_seconds": 60})"_json;
  run_harness run{team_json(), input};
  std::string question;
  auto order = turns_of(run, [&](const v1::Task& task, const json& told) {
    if (task.turn().answering())
      question = told["question"]["content"];
    if (task.turn().role() == "writer") {
      EXPECT_EQ(told["inbox"][0]["type"], "response");
    }
    EXPECT_EQ(told["workspace"]["task"]["goal"], "Create market analysis report");
    return just_text(task, told);
  });
  EXPECT_THAT(order, ElementsAre("researcher?", "researcher", "writer", "editor", "reviewer"));
  EXPECT_EQ(question, "Need additional data on competitor pricing");
}

TEST(team, tells_its_members_who_they_are_and_whom_to_ask) {
  run_harness run{team_json()};
  auto task = run.task_at("content-creation-team[researcher]");
  auto told = json::parse(task.input().data());
  EXPECT_EQ(told["role"], "researcher");
  EXPECT_EQ(told["archetype"], "researcher");
  EXPECT_EQ(told["goal"], "Create high-quality content through collaboration");
  EXPECT_EQ(told["phase"], "research");
  EXPECT_EQ(told["iteration"], 1);
  EXPECT_EQ(told["writes"], "research");
  ASSERT_EQ(told["teammates"].size(), 1U);
  EXPECT_EQ(told["teammates"][0]["role"], "writer");
  EXPECT_EQ(task.turn().role(), "researcher");
  EXPECT_TRUE(task.turn().context().empty()) << "it is the input already";
}

TEST(team, tells_a_member_and_its_teammates_what_it_is_for) {
  run_harness run{writing_team(R"(
      agents:
        - {role: writer, expertise: words, responsibilities: [write], ask_when: a text is long, tools: [spell_check]}
        - {role: researcher, capabilities: [web_search], interacts_with: [writer]}
      phases: [draft, research]
)")};
  auto writer = run.task_at("write[writer]");
  auto told = json::parse(writer.input().data());
  json known{{"role", "writer"},
             {"expertise", "words"},
             {"responsibilities", {"write"}},
             {"ask_when", "a text is long"},
             {"tools", {"spell_check"}}};
  for (const auto& [key, value] : known.items())
    EXPECT_EQ(told[key], value);
  run.succeed(writer, "text");
  told = json::parse(run.task_at("write[researcher]").input().data());
  EXPECT_EQ(told["teammates"], json::array({known}));
  EXPECT_EQ(told["capabilities"], json::array({"web_search"}));
  EXPECT_FALSE(told.contains("tools"));
}

TEST(team, maps_an_input_and_still_tells_the_turn) {
  run_harness run{writing_team(R"(
      goal: g
      agents:
        - {role: writer, agent: writer, input: {was: $.workspace.iteration, me: $.turn.role, n: $.input.n}}
)"),
                  {{"n", 7}}};
  auto task = run.task_at("write[writer]");
  EXPECT_EQ(json::parse(task.input().data()), (json{{"was", 1}, {"me", "writer"}, {"n", 7}}));
  EXPECT_EQ(json::parse(task.turn().context())["goal"], "g");
}

TEST(team, sends_back_to_the_phase_that_is_to_do_better_and_tells_it_why) {
  run_harness run{writing_team(R"(
      agents: [{role: researcher}, {role: writer}, {role: reviewer, writes: false}]
      phases: [{phase: research, roles: [researcher]}, {phase: draft, roles: [writer]}, {phase: review, roles: [reviewer]}]
      review: {by: [reviewer], back_to: draft}
)")};
  int reviews = 0;
  std::vector<json> comments;
  auto order = turns_of(run, [&](const v1::Task& task, const json& told) -> json {
    if (task.turn().role() == "writer" && told.contains("feedback"))
      comments.push_back(told["inbox"][0]["content"]);
    if (task.turn().role() != "reviewer")
      return "text";
    return ++reviews < 2 ? json{{"verdict", "revise"}, {"comments", "shorter"}} : json{{"verdict", "approve"}};
  });
  EXPECT_THAT(order, ElementsAre("researcher", "writer", "reviewer", "writer", "reviewer"));
  EXPECT_THAT(comments, ElementsAre("shorter"));
  EXPECT_EQ(run.output()["ended"], "approved");
  EXPECT_EQ(run.output()["iterations"], 2);
  EXPECT_EQ(run.output()["versions"]["draft"], 2);
}

TEST(team, stops_refining_at_the_bound_and_says_so) {
  const std::string body = R"(
      agents: [{role: writer}, {role: reviewer}]
      phases: [draft, review]
      max_iterations: 2
)";
  auto never_happy = [](const v1::Task& task, const json&) -> json {
    return task.turn().role() == "reviewer" ? json{{"verdict", "revise"}, {"comments", "no"}} : json("text");
  };
  run_harness run{writing_team(body)};
  EXPECT_EQ(turns_of(run, never_happy).size(), 4U);
  EXPECT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
  EXPECT_EQ(run.output()["ended"], "max_iterations");
  EXPECT_EQ(run.output()["completed"], false);

  run_harness strict{writing_team(body + "      at_bound: fail\n")};
  turns_of(strict, never_happy);
  EXPECT_EQ(strict.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(strict.machine.outcome().error.message(),
              HasSubstr("the team was not done after 2 iterations: reviewer asked for changes"));
}

TEST(team, takes_turns_in_rounds_until_it_is_done) {
  run_harness run{writing_team(R"(
      agents: [{role: writer, writes: text}, {role: editor, writes: text}]
      turns: round_robin
      max_iterations: 10
      until: workspace.artifacts.text == "4"
)")};
  int n = 0;
  auto order = turns_of(run, [&](const v1::Task&, const json&) { return json(std::to_string(++n)); });
  EXPECT_THAT(order, ElementsAre("writer", "editor", "writer", "editor"));
  EXPECT_EQ(run.output()["ended"], "until");
  EXPECT_EQ(run.output()["result"], "4");
}

TEST(team, runs_all_rounds_when_nothing_says_when_it_is_done) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      turns: round_robin
      max_iterations: 3
)")};
  EXPECT_EQ(turns_of(run, just_text).size(), 6U);
  EXPECT_EQ(run.output()["ended"], "rounds");
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
}

TEST(team, lets_lua_choose_who_is_next) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      turns: {selector: "workspace.turn == 0 and 'editor' or workspace.turn == 1 and 'writer' or nil"}
)")};
  EXPECT_THAT(turns_of(run, just_text), ElementsAre("editor", "writer"));
  EXPECT_EQ(run.output()["ended"], "selector");
}

TEST(team, lets_an_agent_choose_who_is_next) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      turns: {selector: {agent: reviewer}}
)")};
  int n = 0;
  auto order = turns_of(run, [&](const v1::Task& task, const json& input) -> json {
    if (!task.turn().role().empty())
      return "text";
    EXPECT_EQ(input["members"].size(), 2U);
    return ++n == 1 ? json("editor") : json{{"next", nullptr}};
  });
  EXPECT_THAT(order, ElementsAre("", "editor", ""));
}

TEST(team, tells_the_selector_who_had_the_last_turn) {
  run_harness run{writing_team(R"(
      goal: g
      agents: [{role: writer}, {role: editor}]
      turns: {selector: "workspace.turn < 4 and (workspace.last_role == 'writer' and 'editor' or 'writer') or nil"}
)")};
  EXPECT_THAT(turns_of(run, just_text), ElementsAre("writer", "editor", "writer", "editor"));
}

TEST(team, names_the_roles_when_the_selector_chooses_none_of_them) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      turns: {selector: "'author'"}
)")};
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(run.machine.outcome().error.message(),
              HasSubstr("the selector chose \"author\"; it must choose one of writer, editor, or null"));
}

TEST(team, hands_the_turn_over_until_nobody_is_named) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}, {role: reviewer}]
      turns: handoff
)")};
  auto order = turns_of(run, [&](const v1::Task& task, const json& told) -> json {
    auto to = task.turn().role() == "writer" ? "reviewer" : task.turn().role() == "reviewer" ? "editor" : "";
    if (task.turn().role() == "editor") {
      EXPECT_EQ(told["inbox"][0]["type"], "handoff");
    }
    json operations = json::array();
    if (*to != 0)
      operations.push_back({{"op", "handoff"}, {"to", to}, {"content", "yours"}});
    return {{"operations", operations}, {"output", "text"}};
  });
  EXPECT_THAT(order, ElementsAre("writer", "reviewer", "editor"));
  EXPECT_EQ(run.output()["ended"], "handed_over");
}

TEST(team, bounds_handoffs_that_go_round_for_ever) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      turns: handoff
      max_iterations: 5
)")};
  auto order = turns_of(run, [&](const v1::Task& task, const json&) -> json {
    return {{"operations", {{{"op", "handoff"}, {"to", task.turn().role() == "writer" ? "editor" : "writer"}}}}};
  });
  EXPECT_EQ(order.size(), 10U);
  EXPECT_EQ(run.output()["ended"], "max_iterations");
  EXPECT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
}

TEST(team, lets_all_members_act_at_once_when_they_are_free) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}, {role: reviewer}]
      turns: free
      max_iterations: 2
)")};
  EXPECT_THAT(run.open_steps(), ElementsAre("write[writer]", "write[editor]", "write[reviewer]"));
  EXPECT_EQ(turns_of(run, just_text).size(), 6U);
  EXPECT_EQ(run.output()["ended"], "rounds");
}

TEST(team, holds_other_steps_as_members_and_nests_in_them) {
  run_harness run{"workflow: w\n" + agents + R"(
steps:
  - id: all
    parallel:
      each: [1, 2]
      step:
        team:
          agents:
            - {role: research, step: {parallel: {agents: [researcher, editor]}}}
            - role: inner
              step: {team: {agents: [{role: writer}], output: $.workspace.artifacts.writer}}
          output: {n: $.item, text: $.workspace.artifacts.inner, found: $.workspace.artifacts.research.metadata.total_agents}
output: $.steps.all.aggregated_result
)"};
  turns_of(run, just_text);
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(run.output(), R"({"0": {"n": 1, "text": "by writer", "found": 2},
                              "1": {"n": 2, "text": "by writer", "found": 2}})"_json);
}

TEST(team, fails_with_the_member_that_failed_and_keeps_what_there_is) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
)") + ""};
  run.succeed(run.task_at("write[writer]"), "text");
  run.fail(run.task_at("write[editor]"));
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("the turn of editor: it did not work"));
}

TEST(team, goes_on_without_a_member_that_may_fail) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor, on_error: continue}, {role: reviewer}]
)")};
  run.succeed(run.task_at("write[writer]"), "text");
  run.fail(run.task_at("write[editor]"));
  run.succeed(run.task_at("write[reviewer]"), "fine");
  EXPECT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
  EXPECT_FALSE(run.output()["artifacts"].contains("editor"));
}

TEST(team, names_large_artifacts_instead_of_showing_them) {
  run_harness run{writing_team(R"(
      agents: [{role: writer}, {role: editor}]
      limits: {inline_bytes: 20}
)")};
  run.succeed(run.task_at("write[writer]"), std::string(100, 'x'));
  auto told = json::parse(run.task_at("write[editor]").input().data());
  EXPECT_EQ(told["workspace"]["artifacts"]["writer"], (json{{"$artifact", "writer"}, {"version", 1}, {"bytes", 102}}));
}

TEST(team, tells_watchers_of_turns_writes_and_the_end) {
  run_harness run{team_json()};
  turns_of(run, just_text);
  int begun = 0, written = 0, ended = 0;
  std::string reason;
  for (auto& update : run.updates) {
    if (!update.has_team_event())
      continue;
    begun += update.team_event().has_turn_began() ? 1 : 0;
    ended += update.team_event().has_turn_ended() ? 1 : 0;
    written += update.team_event().has_written() ? 1 : 0;
    if (update.team_event().has_ended())
      reason = update.team_event().ended().reason();
  }
  EXPECT_EQ(begun, 4);
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(written, 4);
  EXPECT_EQ(reason, "phases");
}

} // namespace
} // namespace troupe::test
