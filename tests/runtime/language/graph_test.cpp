#include "runtime/language/graph.hpp"

#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string plan_research_write = R"(  - {id: plan, agent: a, timeout: 10s}
  - {id: look, agent: b, timeout: 5s}
  - id: research
    parallel: {agents: [{id: one, agent: a, input: "$.steps.plan", timeout: 60s}, {id: two, agent: b, timeout: 30s}]}
  - {id: write, agent: c, input: ["$.steps.research", "$.steps.look"], timeout: 20s}
)";

workflow_graph graph_of(const std::string& steps) {
  auto loaded = load(with_steps(steps));
  return loaded ? analyse(*loaded) : workflow_graph{};
}

TEST(graph, puts_steps_that_can_run_together_into_one_group) {
  auto graph = graph_of(plan_research_write);
  EXPECT_THAT(levels_of(graph.steps), ElementsAre(ElementsAre(0u, 1u), ElementsAre(2u), ElementsAre(3u)));
}

TEST(graph, counts_tasks_and_the_critical_path) {
  auto graph = graph_of(plan_research_write);
  EXPECT_EQ(graph.cost.sequential, 5);
  EXPECT_EQ(graph.cost.critical_path, 3);
  EXPECT_DOUBLE_EQ(graph.saving(), 0.4);
}

TEST(graph, adds_up_time_limits_where_all_are_known) {
  auto graph = graph_of(plan_research_write);
  EXPECT_EQ(graph.cost.sequential_limit, milliseconds{125'000});
  EXPECT_EQ(graph.cost.critical_path_limit, milliseconds{90'000});
  EXPECT_THAT(graph.without_limit, ElementsAre());
}

TEST(graph, invents_no_time_limit) {
  auto graph = graph_of("  - {id: x, agent: a, timeout: 10s}\n  - {id: y, steps: [{id: z, agent: b}]}\n");
  EXPECT_FALSE(graph.cost.sequential_limit);
  EXPECT_FALSE(graph.cost.critical_path_limit);
  EXPECT_THAT(graph.without_limit, ElementsAre("y.z"));
}

TEST(graph, counts_attempts_and_the_waits_between_them) {
  auto graph =
      graph_of("  - {id: x, agent: a, attempt_timeout: 10s, retry: {maximum_attempts: 3, initial_interval: 1s, "
               "backoff_coefficient: 2, jitter: 0}}\n");
  EXPECT_EQ(graph.cost.critical_path_limit, milliseconds{33'000});
}

TEST(graph, lets_branches_wait_for_a_free_lane) {
  auto graph = graph_of("  - {id: x, parallel: {each: [1, 2, 3, 4, 5], agent: a, max_concurrent: 2}}\n");
  EXPECT_EQ(graph.cost.sequential, 5);
  EXPECT_EQ(graph.cost.critical_path, 3);
}

TEST(graph, of_a_wide_fan_out_is_found_in_time) {
  std::string items = "1";
  for (int i = 1; i < 50'000; ++i)
    items += ",1";
  auto graph = graph_of("  - {id: x, parallel: {each: [" + items + "], agent: a, max_concurrent: 20000}}\n");
  EXPECT_EQ(graph.cost.sequential, 50'000);
  EXPECT_EQ(graph.cost.critical_path, 3);
}

TEST(graph, tells_how_a_fan_out_of_unknown_size_grows) {
  auto graph = graph_of("  - {id: x, parallel: {each: \"$.input.a\", agent: a}}\n"
                        "  - {id: y, parallel: {each: \"$.input.b\", agent: a, max_concurrent: 4}}\n");
  ASSERT_EQ(graph.fan_outs.size(), 2u);
  EXPECT_EQ(graph.fan_outs[0].path, "x");
  EXPECT_EQ(graph.fan_outs[0].sequential, 1);
  EXPECT_EQ(graph.fan_outs[0].critical_path, 0);
  EXPECT_EQ(graph.fan_outs[1].critical_path, 0.25);
  auto nested =
      graph_of("  - {id: x, parallel: {each: \"$.input.a\", step: {parallel: {each: \"$.item\", agent: a}}}}\n");
  ASSERT_EQ(nested.fan_outs.size(), 2u);
  EXPECT_EQ(nested.fan_outs[0].path, "x[*]");
  EXPECT_EQ(nested.fan_outs[1].path, "x");
}

TEST(graph, takes_the_dearest_case_of_a_choice) {
  auto graph =
      graph_of("  - {id: x, choose: [{when: \"true\", agent: a}, {otherwise: {steps: [{id: p, agent: a}, {id: q, "
               "agent: b, needs: [p]}]}}]}\n");
  EXPECT_EQ(graph.cost.sequential, 2);
  EXPECT_EQ(graph.cost.critical_path, 2);
}

TEST(graph, counts_the_agent_that_aggregates) {
  auto graph = graph_of("  - {id: x, parallel: {agents: [a, b], aggregate: {strategy: synthesis, agent: c}}}\n");
  EXPECT_EQ(graph.cost.sequential, 3);
  EXPECT_EQ(graph.cost.critical_path, 2);
}

TEST(graph, is_told_as_text) {
  EXPECT_EQ(to_text(graph_of(plan_research_write)), R"(workflow test
  group 1, 2 in parallel
    plan (agent a)
    look (agent b)
  group 2
    research (parallel: 2 branches, merge_all) after plan
      ∥ one (agent a)
      ∥ two (agent b)
  group 3
    write (agent c) after look, research
expected saving: 40 % (one after the other 5 units, critical path 3 units; a unit is one agent task)
by its time limits it takes at most 1 min 30 s (one after the other 2 min 5 s)
)");
}

TEST(graph, is_drawn_as_mermaid) {
  EXPECT_EQ(to_mermaid(graph_of(plan_research_write)), R"~(flowchart TD
  s0["plan (agent a)"]
  s1["look (agent b)"]
  subgraph s2["research (parallel: 2 branches, merge_all)"]
    s2_0["one (agent a)"]
    s2_1["two (agent b)"]
  end
  s0 --> s2
  s3["write (agent c)"]
  s1 --> s3
  s2 --> s3
)~");
}

TEST(graph, is_drawn_as_dot) {
  EXPECT_EQ(to_dot(graph_of("  - {id: x, agent: a}\n  - {id: y, steps: [{id: i, agent: b}], needs: [x]}\n")),
            R"~(digraph "test" {
  node [shape=box];
  s0 [label="x (agent a)"];
  subgraph cluster_s1 {
    s1 [label="y (steps: 1 step)"];
    s1_0 [label="i (agent b)"];
    s1 -> s1_0 [style=dashed];
  }
  s0 -> s1;
}
)~");
}

TEST(graph, escapes_what_documents_say) {
  auto graph = graph_of("  - {id: x, choose: [{when: \"input.a == \\\"<b>\\\\\\\\\\\"\", agent: a}]}\n");
  EXPECT_THAT(to_mermaid(graph), HasSubstr("when input.a == #34;#60;b#62;"));
  EXPECT_THAT(to_dot(graph), HasSubstr("when input.a == \\\"<b>"));
}

TEST(graph, is_told_as_json) {
  auto out = to_json(graph_of(plan_research_write));
  EXPECT_EQ(out["parallel_groups"], R"([["plan", "look"], ["research"], ["write"]])"_json);
  EXPECT_EQ(
      out["cost"],
      R"({"sequential": 5.0, "critical_path": 3.0, "sequential_limit_ms": 125000, "critical_path_limit_ms": 90000})"_json);
  EXPECT_EQ(out["steps"][3]["depends_on"], R"(["look", "research"])"_json);
  EXPECT_EQ(out["steps"][2]["inside"][0]["path"], "research[one]");
}

} // namespace
} // namespace troupe
