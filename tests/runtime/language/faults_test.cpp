#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(fault, of_an_unknown_key_names_the_place_the_keys_and_the_nearest_one) {
  EXPECT_THAT(
      faults_of(R"(workflow: test
agents:
  a: {kind: lua, script: "return 1"}
steps:
  - id: one
    agnet: a
)"),
      ElementsAre("doc:5:5: steps[0]: a step without work; it needs one of agent, parallel, steps, choose, team",
                  "doc:6:5: steps[0].agnet: unknown key in a step; expected one of id, when, needs, timeout, "
                  "retry, fallback, on_error, priority, placement, agent, input, attempt_timeout, parallel, "
                  "steps, order, output, choose, team; did you mean \"agent\"?"));
}

TEST(fault, of_a_json_document_has_a_place_too) {
  EXPECT_THAT(
      faults_of("{\n \"workflow\": \"w\",\n \"agents\": {\"a\": {\"kind\": \"lua\", \"script\": \"return 1\"}},\n"
                " \"steps\": [{\"id\": \"x\", \"agent\": \"a\", \"timeout\": true}]\n}"),
      ElementsAre("doc:4:49: steps[0].timeout: expected a duration of at most 720h (\"500ms\", \"120s\", \"10m\", "
                  "\"1h\", or a number of seconds), found true"));
}

TEST(fault, of_a_key_that_belongs_to_another_kind_of_step) {
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, agent: a, output: 1}\n")),
      ElementsAre(StartsWith("doc:8:23: steps[0].output: unknown key in a step with `agent`; expected one of")));
}

TEST(fault, of_a_missing_agent) {
  EXPECT_THAT(faults_of(R"(workflow: test
agents:
  researcher: {kind: lua, script: "return 1"}
steps:
  - id: one
    agent: reseacher
  - {id: two, agent: zzz, needs: [one]}
)"),
              ElementsAre("doc:6:12: steps[0].agent: there is no agent \"reseacher\"; did you mean \"researcher\"?",
                          "doc:7:22: steps[1].agent: there is no agent \"zzz\"; define it under `agents:`, or give a "
                          "document that does with --agents"));
}

TEST(fault, of_a_missing_agent_is_found_wherever_agents_are_named) {
  EXPECT_THAT(faults_of(with_steps(R"(  - id: x
    parallel:
      agents: [a, zzz1]
      aggregate: {strategy: best_result, scorer: zzz2, on_shortfall: fallback, fallback: zzz3}
    fallback: zzz4
  - id: y
    choose:
      - {when: "true", agent: zzz5}
      - otherwise: {parallel: {each: [1], agent: zzz6, aggregate: {strategy: synthesis, agent: zzz7}}}
)")),
              ElementsAre(HasSubstr("zzz1"), HasSubstr("zzz2"), HasSubstr("zzz3"), HasSubstr("zzz4"), HasSubstr("zzz5"),
                          HasSubstr("zzz6"), HasSubstr("zzz7")));
}

TEST(fault, of_a_wrong_type_says_what_was_found) {
  EXPECT_THAT(faults_of("workflow: [1]\nsteps: {}\n"), ElementsAre("doc:1:11: workflow: expected text, found a list",
                                                                   "doc:2:8: steps: expected a list of steps, "
                                                                   "found an object"));
  EXPECT_THAT(faults_of("workflow: 12\nsteps: 3\n"),
              ElementsAre("doc:1:11: workflow: expected text, found 12; quote it",
                          "doc:2:8: steps: expected a list of steps, found 3"));
  EXPECT_THAT(faults_of("- 1\n"), ElementsAre(StartsWith("doc:1:1: expected a workflow document (an object with")));
  EXPECT_THAT(faults_of(with_steps("  - 1\n")),
              ElementsAre(StartsWith("doc:8:5: steps[0]: expected a step (an object")));
}

TEST(fault, of_every_common_key_points_at_its_value) {
  EXPECT_THAT(
      faults_of(with_steps(R"(  - id: 9lives
    agent: a
    when: true
    needs: [9]
    timeout: 5 minutes
    attempt_timeout: 0
    retry: {maximum_attempts: 0, backoff_coefficient: 0.5, non_retryable: [timeout]}
    fallback: [a]
    on_error: ignore
    priority: 101
    placement: {zone: 1}
)")),
      ElementsAre(StartsWith("doc:8:9: steps[0].id: \"9lives\" is not a name"),
                  StartsWith("doc:13:22: steps[0].attempt_timeout: a duration of zero"),
                  StartsWith("doc:10:11: steps[0].when: expected a Lua expression as text, found true; quote it"),
                  StartsWith("doc:11:13: steps[0].needs[0]: expected text, found 9"),
                  StartsWith("doc:12:14: steps[0].timeout: expected a duration"),
                  StartsWith("doc:14:31: steps[0].retry.maximum_attempts: expected a whole number from 1 to 1000, "
                             "found 0"),
                  StartsWith("doc:14:55: steps[0].retry.backoff_coefficient: expected a number from 1 to 100, "
                             "found 0.5"),
                  HasSubstr("steps[0].retry.non_retryable[0]: expected one of"),
                  StartsWith("doc:15:15: steps[0].fallback: expected the name of an agent or a step, found a list"),
                  StartsWith("doc:16:15: steps[0].on_error: expected one of fail, continue"),
                  StartsWith("doc:17:15: steps[0].priority: expected a whole number from -100 to 100, found 101"),
                  StartsWith("doc:18:23: steps[0].placement.zone: expected text, found 1; quote it")));
}

TEST(fault, of_an_expression_points_at_the_text_it_is_in) {
  EXPECT_THAT(faults_of(with_steps(R"(  - id: x
    agent: a
    input:
      good: "$.input.a"
      list:
        - "$.input["
)")),
              ElementsAre(StartsWith("doc:13:11: steps[0].input.list[0]: ")));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, when: \"1 +\"}\n")),
              ElementsAre(StartsWith("doc:8:29: steps[0].when: ")));
}

TEST(fault, of_a_root_member_that_does_not_exist) {
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, agent: a, input: {t: \"$.inptu.a\"}}\n")),
      ElementsAre("doc:8:34: steps[0].input.t: $ has no member \"inptu\" here; it has input, steps, results, run; "
                  "did you mean \"input\"?"));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, input: \"$.item\"}\n")),
              ElementsAre(HasSubstr("it exists inside of `each` only")));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, input: \"$.error\"}\n")),
              ElementsAre(HasSubstr("it exists in a step's `fallback` and `on_error` only")));
}

TEST(fault, of_a_step_that_has_two_kinds_or_none) {
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, agent: a, steps: [{id: y, agent: b}]}\n  - {id: z}\n")),
      ElementsAre("doc:8:5: steps[0]: a step can be one of agent, steps, not several",
                  "doc:9:5: steps[1]: a step without work; it needs one of agent, parallel, steps, choose, team"));
}

TEST(fault, of_an_id_that_is_missing_or_taken) {
  EXPECT_THAT(
      faults_of(with_steps("  - agent: a\n  - {id: x, agent: b}\n  - {id: x, agent: c}\n")),
      ElementsAre("doc:10:10: steps[2].id: a second step with the id \"x\" in this group; give each step its own id",
                  "doc:8:5: steps[0]: the key \"id\" is missing"));
}

TEST(fault, of_an_empty_group) {
  EXPECT_THAT(faults_of("workflow: w\nsteps: []\n"), ElementsAre(StartsWith("doc:2:8: steps: a group without steps")));
  EXPECT_THAT(
      faults_of(with_steps("  - {id: x, steps: []}\n  - {id: y, choose: []}\n  - {id: z, parallel: {agents: []}}\n"
                           "  - {id: u, parallel: {branches: {}}}\n")),
      ElementsAre(StartsWith("doc:8:20: steps[0].steps: a group without steps"),
                  StartsWith("doc:9:21: steps[1].choose: a choice without cases"),
                  StartsWith("doc:10:32: steps[2].parallel.agents: a fan-out without branches"),
                  StartsWith("doc:11:34: steps[3].parallel.branches: a fan-out without branches")));
}

TEST(fault, of_a_choice) {
  EXPECT_THAT(faults_of(with_steps(R"(  - id: x
    choose:
      - agent: a
      - otherwise: {agent: b}
      - {when: "true", agent: c, needs: [x]}
)")),
              ElementsAre(StartsWith("doc:10:9: steps[0].choose[0]: a case without a condition"),
                          StartsWith("doc:11:9: steps[0].choose[1]: `otherwise` is not the last case"),
                          StartsWith("doc:12:41: steps[0].choose[2].needs: `needs` outside of a list of steps")));
}

TEST(fault, of_a_fan_out) {
  EXPECT_THAT(
      faults_of(with_steps(R"(  - {id: x, parallel: {}}
  - {id: y, parallel: {agents: [a], each: [1], agent: b}}
  - {id: z, parallel: {agents: [a], agent: b}}
  - {id: t, parallel: {each: [1]}}
  - {id: u, parallel: {each: [1], agent: a, step: {agent: b}}}
  - {id: v, parallel: {each: input, agent: a}}
  - {id: w, parallel: {agents: [a, a]}}
)")),
      ElementsAre(StartsWith("doc:8:23: steps[0].parallel: `parallel` needs one of agents, branches, each"),
                  StartsWith("doc:9:23: steps[1].parallel: `parallel` can have one of agents, each, not several"),
                  StartsWith("doc:10:44: steps[2].parallel.agent: `agent` describes the branches of an `each`"),
                  StartsWith("doc:11:23: steps[3].parallel: `each` needs a body: one of agent, step, steps"),
                  StartsWith("doc:12:23: steps[4].parallel: `each` can have one of agent, step, not several"),
                  StartsWith("doc:13:30: steps[5].parallel.each: expected a list, or JSONPath that yields one"),
                  StartsWith("doc:14:36: steps[6].parallel.agents[1]: a second branch with the id \"a\"")));
}

TEST(fault, of_the_shared_agents_names_their_document) {
  load_options options;
  options.agents = source_text{"agents.yaml", "agents:\n  a: {kind: luna}\nstep: 1\n"};
  EXPECT_THAT(
      faults_of("workflow: w\nsteps: [{id: x, agent: a}]\n", options),
      ElementsAre("agents.yaml:3:1: step: unknown key in a document of agents; expected one of agents",
                  "agents.yaml:2:13: agents.a.kind: expected one of function, lua, process, http, llm, found the text "
                  "\"luna\"; did you mean \"lua\"?"));
}

TEST(fault, reports_are_complete_even_where_one_hides_another) {
  EXPECT_THAT(faults_of("steps: [{id: x, agent: zzz}]\nfoo: 1\n"),
              ElementsAre(StartsWith("doc:2:1: foo: unknown key in a workflow document"),
                          StartsWith("doc:1:1: the key \"workflow\" is missing"),
                          StartsWith("doc:1:24: steps[0].agent")));
}

TEST(warning, tells_of_names_in_conditions_that_look_like_slips) {
  auto warned = [](const std::string& steps) {
    std::vector<diagnostic> warnings;
    load_options options;
    options.warnings = &warnings;
    EXPECT_TRUE(load(with_steps(steps), options)) << steps;
    std::vector<std::string> out;
    for (const auto& x : warnings)
      if (x.message.find("never used") == std::string::npos)
        out.push_back(to_string(x));
    return out;
  };
  EXPECT_THAT(
      warned("  - {id: x, agent: a, when: \"inptu.x\"}\n"),
      ElementsAre("doc:8:29: steps[0].when: there is no \"inptu\" here; it has input, steps, results, run; did you "
                  "mean \"input\"?"));
  EXPECT_THAT(warned("  - {id: x, team: {goal: g, agents: [{role: a}], until: workspce.iteration > 1}}\n"),
              ElementsAre(HasSubstr("did you mean \"workspace\"?")));
  EXPECT_THAT(warned("  - {id: x, team: {goal: g, agents: [{role: a}], turns: {selector: worksapce.turn}}}\n"),
              ElementsAre(HasSubstr("did you mean \"workspace\"?")));
  EXPECT_THAT(warned("  - {id: x, agent: a, when: \"input.runs and ({far = 1}).far and pcall(error)\"}\n"), IsEmpty());
}

TEST(warning, tells_of_agents_without_work) {
  std::vector<diagnostic> warnings;
  load_options options;
  options.warnings = &warnings;
  ASSERT_TRUE(load(with_steps("  - {id: x, agent: a}\n  - {id: y, agent: b, fallback: c}\n"), options));
  EXPECT_THAT(warnings, IsEmpty());
  ASSERT_TRUE(load(with_steps("  - {id: x, agent: a}\n  - {id: y, agent: b}\n"), options));
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(to_string(warnings[0]), "doc:6:6: agents.c: the agent is never used; remove it, or give it work");
}

} // namespace
} // namespace troupe
