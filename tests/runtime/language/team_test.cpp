// `team: {…}`: what it becomes, and what is said of one that is wrong.
#include "documents.hpp"

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

std::string with_team(const std::string& body) {
  return with_steps("  - id: t\n    team:\n      goal: g\n" + body);
}

const std::string members =
    "      agents: [{role: writer, agent: a}, {role: editor, agent: b}, {role: reviewer, agent: c}]\n";

const team_step& team_of(const workflow& definition) {
  return std::get<team_step>(step_of(definition).body);
}

TEST(team_document, gives_each_phase_to_whom_it_names) {
  auto loaded = load(with_team(members + "      phases: [{phase: draft, roles: [writer, editor]}, reviewer]\n"));
  ASSERT_TRUE(loaded);
  auto& team = team_of(*loaded);
  ASSERT_EQ(team.phases.size(), 2U);
  EXPECT_THAT(team.phases[0].members, ElementsAre(0U, 1U));
  EXPECT_THAT(team.phases[1].members, ElementsAre(2U));
}

TEST(team_document, gives_phases_in_order_when_there_are_as_many_as_members) {
  auto loaded = load(with_team(members + "      phases: [one, two, three]\n"));
  ASSERT_TRUE(loaded);
  for (uint32_t i = 0; i < 3; ++i)
    EXPECT_THAT(team_of(*loaded).phases[i].members, ElementsAre(i));
}

TEST(team_document, makes_a_phase_of_each_member_when_it_names_none) {
  auto loaded = load(with_team(members));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(team_of(*loaded).phases[1].name, "editor");
}

TEST(team_document, fills_roles_in_from_archetypes) {
  auto loaded = load(with_team(R"(      agents:
        - {role: editor, agent: a}
        - {role: judge, archetype: critic, agent: b, expertise: law}
)"));
  ASSERT_TRUE(loaded);
  auto& team = team_of(*loaded);
  EXPECT_EQ(team.members[0].archetype, "editor");
  EXPECT_THAT(team.members[0].ask_when, HasSubstr("not yet well put"));
  EXPECT_EQ(team.members[1].expertise, "law");
  EXPECT_THAT(team.reviewers, ElementsAre(1U)) << "critics review";
}

TEST(team_document, knows_six_archetypes_of_which_the_critic_reviews) {
  for (const std::string name : {"researcher", "analyst", "creator", "critic", "editor", "coordinator"}) {
    SCOPED_TRACE(name);
    auto loaded = load(with_team("      agents: [{role: someone, archetype: " + name + ", agent: a}]\n"));
    ASSERT_TRUE(loaded);
    const auto& member = team_of(*loaded).members.at(0);
    EXPECT_EQ(member.archetype, name);
    EXPECT_FALSE(member.expertise.empty());
    EXPECT_FALSE(member.responsibilities.empty());
    EXPECT_FALSE(member.ask_when.empty());
    EXPECT_EQ(team_of(*loaded).has_review, name == "critic");
  }
  EXPECT_THAT(faults_of(with_team("      agents: [{role: someone, archetype: critik, agent: a}]\n")),
              Contains(HasSubstr("did you mean \"critic\"?")));
}

TEST(team_document, gives_an_agent_that_roles_share_room_for_all_of_them) {
  auto shared_by_three = [](const std::string& agent) {
    return load(
        "workflow: w\nagents: {x: " + agent
        + ", y: {kind: lua, script: \"return 1\"}}\nsteps:\n  - id: t\n    team:\n"
          "      goal: g\n      agents: [{role: one, agent: x}, {role: two, agent: x}, {role: three, agent: x}, "
          "{role: four, agent: y}]\n");
  };
  auto loaded = shared_by_three("{kind: lua, script: \"return 1\"}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->agents.at("x").replicas, 3U);
  EXPECT_EQ(loaded->agents.at("y").replicas, 1U);
  EXPECT_NE(loaded->agents.at("x").hash, loaded->agents.at("y").hash) << "they are not one agent";
  auto stored = compile_workflow(loaded->document);
  ASSERT_TRUE(stored);
  EXPECT_EQ((*stored)->agents.at("x").hash, loaded->agents.at("x").hash) << "as the journal has it";
  auto given = shared_by_three("{kind: lua, script: \"return 1\", concurrency: 2}");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->agents.at("x").replicas, 1U) << "the author has said it";
}

TEST(team_document, warns_of_too_little_room_that_the_author_has_given) {
  std::vector<diagnostic> warnings;
  load_options options;
  options.warnings = &warnings;
  auto loaded = load_workflow({"doc", R"(
workflow: w
agents: {x: {kind: lua, script: "return 1", replicas: 1}}
steps:
  - id: t
    team: {goal: g, agents: [{role: one, agent: x}, {role: two, agent: x}]}
)"},
                              options);
  ASSERT_TRUE(loaded);
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_THAT(to_string(warnings[0]), HasSubstr("the roles one, two share the agent \"x\", which has room for 1"));
  EXPECT_THAT(to_string(warnings[0]), HasSubstr("replicas: 2"));
}

TEST(team_document, finds_agents_by_all_the_capabilities_of_a_role) {
  load_options options;
  options.agents = source_text{"agents", R"(agents:
  half: {kind: lua, script: "return 1", capabilities: [search]}
  whole: {kind: lua, script: "return 1", capabilities: [search, read]}
  poet: {kind: lua, script: "return 1"}
)"};
  auto loaded = load(R"({"team": {"id": "t", "goal": "g", "agents": [
    {"role": "finder", "capabilities": ["read", "search"]}, {"role": "poet"}]}})",
                     options);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->name, "t");
  EXPECT_EQ(std::get<agent_step>(team_of(*loaded).members[0].work->body).agent, "whole");
  EXPECT_EQ(std::get<agent_step>(team_of(*loaded).members[1].work->body).agent, "poet");
  EXPECT_EQ(loaded->agents.count("half"), 0U);
  // What the store keeps is a workflow of its own.
  auto again = compile_workflow(loaded->document);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->hash, loaded->hash);
}

TEST(team_document, takes_the_template_of_the_source_material) {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/tests/specs/team.json"};
  std::stringstream text;
  text << in.rdbuf();
  load_options options;
  options.agents = source_text{"agents", R"(agents:
  a: {kind: lua, script: "return 1", capabilities: [web_search, file_read]}
  b: {kind: lua, script: "return 1", capabilities: [content_generation]}
  c: {kind: lua, script: "return 1", capabilities: [content_revision]}
  d: {kind: lua, script: "return 1", capabilities: [quality_evaluation]}
)"};
  auto loaded = load(text.str(), options);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(team_of(*loaded).phases.size(), 4U);
  EXPECT_EQ(team_of(*loaded).max_iterations, 3U);
}

TEST(team_document, shows_the_workspace_to_teams_alone) {
  EXPECT_THAT(faults_of(with_steps("  - {id: x, agent: a, input: $.workspace}\n")),
              Contains(HasSubstr("it exists inside of a team only")));
}

TEST(team_document, depends_on_what_its_members_read) {
  auto loaded = load(with_steps("  - {id: first, agent: a}\n  - id: t\n    team:\n      goal: g\n"
                                "      agents: [{role: x, agent: b, input: $.steps.first}]\n"));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(step_of(*loaded, 1).depends_on, ElementsAre(0U));
}

} // namespace
} // namespace troupe
