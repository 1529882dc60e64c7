#include "documents.hpp"

#include <fstream>
#include <sstream>

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::string group = R"({
  "parallel_group": {
    "id": "pg-7",
    "agents": [
      {"id": "one", "type": "researcher", "input_mapping": "$.request.topic_1", "timeout_seconds": 60},
      {"id": "two", "type": "web_search", "input_mapping": {"t": "$.request.topic_2", "cost": "$$5"}},
      {"id": "three", "type": "researcher"}
    ],
    "aggregation": {"strategy": "merge_all", "minimum_required": 2, "timeout_seconds": 120}
  }
})";

load_options with_agents() {
  load_options options;
  options.agents = source_text{"agents", R"(agents:
  researcher: {kind: lua, script: "return input"}
  browser: {kind: lua, script: "return input", capabilities: [web_search]}
  archive: {kind: lua, script: "return 1", capabilities: [search]}
)"};
  return options;
}

TEST(parallel_group, becomes_a_workflow_with_one_fan_out) {
  auto loaded = load(group, with_agents());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->name, "pg-7");
  EXPECT_EQ(steps_of(*loaded).output->source(), "$.steps[\"pg-7\"]");
  ASSERT_EQ(steps_of(*loaded).steps.size(), 1u);
  EXPECT_EQ(step_of(*loaded).id, "pg-7");
  auto& fan_out = std::get<parallel_step>(step_of(*loaded).body);
  ASSERT_EQ(fan_out.branches.size(), 3u);
  EXPECT_EQ(fan_out.branches[0].id, "one");
  EXPECT_EQ(fan_out.branches[0].timeout, milliseconds{60'000});
  EXPECT_EQ(std::get<agent_step>(fan_out.branches[0].body).agent, "researcher");
  EXPECT_EQ(fan_out.aggregate->minimum_required, 2u);
  EXPECT_EQ(fan_out.aggregate->deadline, milliseconds{120'000});
}

TEST(parallel_group, reads_its_mappings_from_the_input_of_the_run) {
  auto loaded = load(group, with_agents());
  ASSERT_TRUE(loaded);
  auto& fan_out = std::get<parallel_step>(step_of(*loaded).body);
  const json run = {{"input", {{"request", {{"topic_1", "wind"}, {"topic_2", "sun"}}}}}};
  auto input_of = [&](size_t i) {
    return *std::get<agent_step>(fan_out.branches[i].body).input->evaluate(json_scope{run});
  };
  EXPECT_EQ(input_of(0), "wind");
  EXPECT_EQ(input_of(1), json({{"t", "sun"}, {"cost", "$5"}}));
  EXPECT_FALSE(std::get<agent_step>(fan_out.branches[2].body).input);
}

TEST(parallel_group, finds_agents_by_name_and_then_by_capability) {
  auto loaded = load(group, with_agents());
  ASSERT_TRUE(loaded);
  auto& fan_out = std::get<parallel_step>(step_of(*loaded).body);
  EXPECT_EQ(std::get<agent_step>(fan_out.branches[1].body).agent, "browser");
  EXPECT_EQ(loaded->agents.size(), 2u);
}

TEST(parallel_group, is_compiled_again_from_its_canonical_document) {
  auto loaded = load(group, with_agents());
  ASSERT_TRUE(loaded);
  auto again = compile_workflow(loaded->document);
  ASSERT_THAT(messages(again), testing::IsEmpty());
  EXPECT_EQ((*again)->document, loaded->document);
  EXPECT_EQ((*again)->hash, loaded->hash);
}

TEST(parallel_group, tells_which_type_has_no_agent) {
  EXPECT_THAT(faults_of(group),
              ElementsAre(StartsWith("doc:5:29: parallel_group.agents[0].type: there is no agent named "
                                     "\"researcher\" and none with that capability; define it under"),
                          HasSubstr("web_search"), HasSubstr("researcher")));
}

TEST(parallel_group, refuses_unknown_keys_and_wrong_types) {
  EXPECT_THAT(faults_of(R"({"parallel_group": {"id": "x", "agents": [{"id": "a", "type": "researcher", "timeout": 5}],
                            "aggregation": {"deadline": 5, "strategy": "best"}}})",
                        with_agents()),
              ElementsAre(HasSubstr("parallel_group.agents[0].timeout: unknown key"),
                          HasSubstr("parallel_group.aggregation.deadline: unknown key"),
                          HasSubstr("parallel_group.aggregation.strategy: expected one of")));
  EXPECT_THAT(faults_of(R"({"parallel_group": {"id": "x", "agents": []}})"),
              ElementsAre(HasSubstr("parallel_group.agents: a fan-out without branches")));
  EXPECT_THAT(faults_of(R"({"parallel_group": {"id": "x", "agents": [{"id": "a", "type": "researcher",
                            "input_mapping": "$.request["}]}})",
                        with_agents()),
              ElementsAre(StartsWith("doc:2:46: parallel_group.agents[0].input_mapping: ")));
}

TEST(parallel_group, of_the_source_material_is_taken_as_it_stands) {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/tests/specs/parallel_group.json"};
  std::ostringstream text;
  text << in.rdbuf();
  auto loaded = load(text.str(), with_agents());
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->name, "pg-001");
  EXPECT_EQ(std::get<parallel_step>(step_of(*loaded).body).branches.size(), 2u);
}

} // namespace
} // namespace troupe
