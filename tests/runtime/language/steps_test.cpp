#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;

TEST(document, becomes_a_group_of_steps) {
  auto loaded = load(R"(
workflow: market-analysis
description: Reads a market.
input: {type: object, required: [goal]}
output_schema: {type: string}
agents:
  planner: {kind: lua, script: "return input.goal"}
steps:
  - {id: plan, agent: planner, input: {goal: "$.input.goal"}}
output: "$.steps.plan"
)");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->name, "market-analysis");
  EXPECT_EQ(loaded->root.id, "");
  EXPECT_STREQ(loaded->root.kind(), "steps");
  EXPECT_FALSE(loaded->input_schema->check(json::object()).empty());
  EXPECT_TRUE(loaded->output_schema->check("text").empty());
  EXPECT_EQ(steps_of(*loaded).output->source(), "$.steps.plan");
  EXPECT_EQ(loaded->hash.size(), 64u);
  auto& plan = step_of(*loaded);
  EXPECT_EQ(plan.id, "plan");
  EXPECT_EQ(plan.where.line, 9);
  EXPECT_EQ(plan.where.column, 5);
  EXPECT_EQ(std::get<agent_step>(plan.body).agent, "planner");
}

TEST(step, has_the_keys_that_all_steps_have) {
  auto loaded = load(with_steps(R"(  - id: x
    agent: a
    when: "input.go"
    timeout: 10m
    attempt_timeout: 1.5
    retry: {maximum_attempts: 5, initial_interval: 200ms, backoff_coefficient: 3, maximum_interval: 1h, jitter: 0,
            non_retryable: [invalid_input, agent_failed]}
    fallback: b
    on_error: {output: {code: "$.error.code"}}
    priority: high
    placement: {zone: eu}
)"));
  ASSERT_TRUE(loaded);
  auto& x = step_of(*loaded);
  EXPECT_EQ(x.when->text(), "input.go");
  EXPECT_EQ(x.timeout, milliseconds{600'000});
  EXPECT_EQ(std::get<agent_step>(x.body).attempt_timeout, milliseconds{1'500});
  ASSERT_TRUE(x.retry);
  EXPECT_EQ(x.retry->maximum_attempts, 5u);
  EXPECT_EQ(x.retry->initial_interval, milliseconds{200});
  EXPECT_EQ(x.retry->backoff_coefficient, 3);
  EXPECT_EQ(x.retry->maximum_interval, milliseconds{3'600'000});
  EXPECT_EQ(x.retry->jitter, 0);
  EXPECT_THAT(x.retry->non_retryable, ElementsAre("agent_failed", "invalid_input"));
  EXPECT_EQ(x.on_error.then, error_policy::action::proceed);
  EXPECT_EQ(x.on_error.output->source(), json({{"code", "$.error.code"}}));
  EXPECT_EQ(x.priority, 50);
  EXPECT_THAT(x.placement, ElementsAre(Pair("zone", "eu")));
}

TEST(step, without_them_has_defaults) {
  auto loaded = load(with_steps("  - {id: x, agent: a}\n  - {id: y, agent: a, retry: {}, on_error: continue}\n"));
  ASSERT_TRUE(loaded);
  auto& x = step_of(*loaded);
  EXPECT_FALSE(x.when);
  EXPECT_FALSE(x.retry);
  EXPECT_FALSE(x.fallback);
  EXPECT_EQ(x.timeout.count(), 0);
  EXPECT_EQ(x.on_error.then, error_policy::action::fail);
  EXPECT_EQ(step_of(*loaded, 1).retry->maximum_attempts, 3u);
  EXPECT_EQ(step_of(*loaded, 1).on_error.then, error_policy::action::proceed);
  EXPECT_FALSE(step_of(*loaded, 1).on_error.output);
}

TEST(fallback, by_name_gets_the_input_of_the_agent_it_stands_in_for) {
  auto loaded = load(with_steps("  - {id: x, agent: a, input: \"$.input.t\", attempt_timeout: 5s, fallback: b}\n"));
  ASSERT_TRUE(loaded);
  auto& stand_in = std::get<agent_step>(step_of(*loaded).fallback->body);
  EXPECT_EQ(stand_in.agent, "b");
  EXPECT_EQ(stand_in.input->source(), "$.input.t");
  EXPECT_EQ(stand_in.attempt_timeout, milliseconds{5'000});
}

TEST(fallback, by_name_of_a_composite_gets_what_became_of_it) {
  auto loaded = load(with_steps("  - {id: x, parallel: {agents: [a]}, fallback: b}\n"));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(std::get<agent_step>(step_of(*loaded).fallback->body).input->source(),
            json({{"error", "$.error"}, {"partial", "$.partial"}}));
}

TEST(fallback, may_be_a_whole_step) {
  auto loaded = load(with_steps(
      "  - {id: x, agent: a, fallback: {steps: [{id: i, agent: b, input: \"$.error\"}], timeout: 5s, fallback: c}}\n"));
  ASSERT_TRUE(loaded);
  auto& stand_in = *step_of(*loaded).fallback;
  EXPECT_STREQ(stand_in.kind(), "steps");
  EXPECT_EQ(stand_in.timeout, milliseconds{5'000});
  EXPECT_TRUE(stand_in.fallback);
}

TEST(choose, keeps_its_cases_in_order) {
  auto loaded = load(with_steps(R"(  - id: x
    choose:
      - {when: "input.n > 1", agent: a, timeout: 5s}
      - {when: "input.n > 0", steps: [{id: i, agent: b}]}
      - otherwise: {agent: c}
)"));
  ASSERT_TRUE(loaded);
  auto& choices = std::get<choose_step>(step_of(*loaded).body).choices;
  ASSERT_EQ(choices.size(), 3u);
  EXPECT_EQ(choices[0].when->text(), "input.n > 1");
  EXPECT_FALSE(choices[0].body->when);
  EXPECT_EQ(choices[0].body->timeout, milliseconds{5'000});
  EXPECT_STREQ(choices[1].body->kind(), "steps");
  EXPECT_FALSE(choices[2].when);
  EXPECT_EQ(std::get<agent_step>(choices[2].body->body).agent, "c");
}

const parallel_step& fan_out(const workflow& definition) {
  return std::get<parallel_step>(step_of(definition).body);
}

TEST(parallel, has_a_branch_per_agent) {
  auto loaded = load(with_steps(R"(  - id: x
    parallel:
      agents: [a, {id: again, agent: a, input: {n: 2}, timeout: 3s}, {agent: b}]
      timeout: 60s
      max_concurrent: 2
      fail_fast: true
)"));
  ASSERT_TRUE(loaded);
  auto& x = fan_out(*loaded);
  ASSERT_EQ(x.branches.size(), 3u);
  EXPECT_EQ(x.branches[0].id, "a");
  EXPECT_EQ(x.branches[0].timeout, milliseconds{60'000});
  EXPECT_EQ(x.branches[1].id, "again");
  EXPECT_EQ(x.branches[1].timeout, milliseconds{3'000});
  EXPECT_EQ(x.branches[2].id, "b");
  EXPECT_EQ(x.max_concurrent, 2u);
  EXPECT_TRUE(x.fail_fast);
  ASSERT_TRUE(x.aggregate);
  EXPECT_EQ(x.aggregate->how, aggregation_spec::strategy::merge_all);
}

TEST(parallel, keeps_the_order_of_branches_given_as_an_object) {
  auto loaded =
      load(with_steps("  - {id: x, parallel: {branches: {zulu: {agent: a}, alpha: {agent: b}, mike: {agent: c}}}}\n"));
  ASSERT_TRUE(loaded);
  std::vector<std::string> ids;
  for (auto& branch : fan_out(*loaded).branches)
    ids.push_back(branch.id);
  EXPECT_THAT(ids, ElementsAre("zulu", "alpha", "mike"));

  auto again = compile_workflow(loaded->document);
  ASSERT_THAT(messages(again), testing::IsEmpty());
  ids.clear();
  for (auto& branch : fan_out(**again).branches)
    ids.push_back(branch.id);
  EXPECT_THAT(ids, ElementsAre("zulu", "alpha", "mike"));
}

TEST(parallel, runs_one_body_per_item) {
  auto loaded = load(with_steps(R"(  - id: x
    parallel:
      each: "$.input.items"
      agent: a
      input: {it: "$.item", n: "$.index"}
      key: "$.item.name"
      timeout: 2m
  - id: y
    parallel: {each: [1, 2, 3], steps: [{id: one, agent: a}, {id: two, agent: b, input: ["$.steps.one", "$.item"]}]}
  - id: z
    parallel: {each: "$.steps.y.aggregated_result", step: {agent: c, timeout: 1s}, timeout: 9s}
)"));
  ASSERT_TRUE(loaded);
  auto& x = fan_out(*loaded);
  EXPECT_TRUE(x.branches.empty());
  EXPECT_EQ(x.each->source(), "$.input.items");
  EXPECT_EQ(x.key->source(), "$.item.name");
  EXPECT_EQ(x.body->timeout, milliseconds{120'000});
  EXPECT_EQ(std::get<agent_step>(x.body->body).agent, "a");
  auto& y = std::get<parallel_step>(step_of(*loaded, 1).body);
  EXPECT_THAT(std::get<group_step>(y.body->body).steps[1].depends_on, ElementsAre(0u));
  auto& z = std::get<parallel_step>(step_of(*loaded, 2).body);
  EXPECT_EQ(z.body->timeout, milliseconds{1'000});
  EXPECT_THAT(step_of(*loaded, 2).depends_on, ElementsAre(1u));
}

TEST(parallel, names_its_branches_after_the_item_alone) {
  EXPECT_THAT(faults_of(with_steps(
                  "  - {id: x, agent: a}\n  - {id: y, parallel: {each: [1], agent: b, key: \"$.steps.x\"}}\n")),
              ElementsAre(StartsWith("doc:9:50: steps[1].parallel.key: `key` names a branch after its item")));
}

TEST(parallel, has_a_bound_on_its_branches) {
  load_options options;
  options.limits.fan_out = 2;
  EXPECT_TRUE(load(with_steps("  - {id: x, parallel: {agents: [a, b]}}\n"), options));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, parallel: {agents: [a, b, c]}}\n"), options),
              ElementsAre(StartsWith("doc:8:32: steps[0].parallel.agents: more than 2 branches")));
  EXPECT_THAT(faults_of(with_steps("  - {id: x, parallel: {each: [1, 2, 3], agent: a}}\n"), options),
              ElementsAre(StartsWith("doc:8:30: steps[0].parallel.each: more than 2 branches")));
}

} // namespace
} // namespace troupe
