#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using test::run_harness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string fan_out(const std::string& aggregate, const std::string& more = {}) {
  return R"(
workflow: fan
agents:
  w: {kind: lua, script: "return 1"}
  judge: {kind: lua, script: "return 1"}
steps:
  - id: all
    parallel:
      each: "$.input.items"
      agent: w
      input: {item: "$.item", index: "$.index"}
)" + more
         + "      aggregate: " + aggregate + "\noutput: \"$.steps.all\"\n";
}

const json four{{"items", {"a", "b", "c", "d"}}};

json result_of(const run_harness& run) {
  return run.output()["aggregated_result"];
}

json metadata_of(const run_harness& run) {
  return run.output()["metadata"];
}

TEST(parallel, sends_every_item_at_once_and_merges_the_results_by_name) {
  run_harness run{fan_out("{strategy: merge_all}"), four};
  EXPECT_THAT(run.open_steps(), ElementsAre("all[a]", "all[b]", "all[c]", "all[d]"));
  run.work([](const v1::Task&, const json& input) { return input["index"]; });
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(result_of(run), (json{{"a", 0}, {"b", 1}, {"c", 2}, {"d", 3}}));
  auto metadata = metadata_of(run);
  EXPECT_EQ(metadata["total_agents"], 4);
  EXPECT_EQ(metadata["successful_agents"], 4);
  EXPECT_EQ(metadata["partial"], false);
  EXPECT_EQ(metadata["failed_agents"], json::array());
  EXPECT_EQ(metadata["timestamp"], "1970-01-01T00:16:40Z");
}

TEST(parallel, keeps_finished_results_when_one_branch_fails) {
  run_harness run{fan_out("{strategy: merge_all, minimum_required: 3}"), four};
  run.fail(run.task_at("all[b]"));
  run.work([](const v1::Task&, const json& input) { return input["item"]; });
  ASSERT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
  EXPECT_EQ(result_of(run), (json{{"a", "a"}, {"c", "c"}, {"d", "d"}}));
  EXPECT_EQ(metadata_of(run)["partial"], true);
  EXPECT_EQ(metadata_of(run)["failed_agents"],
            (json::array({{{"agent", "b"}, {"error", "agent_failed: it did not work"}}})));
}

TEST(parallel, stops_the_siblings_only_when_it_is_to_fail_fast) {
  run_harness run{fan_out("{strategy: merge_all}", "      fail_fast: true\n"), four};
  run.fail(run.task_at("all[b]"));
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.cancels.size(), 3U);
}

TEST(parallel, bounds_how_many_run_at_once) {
  run_harness run{fan_out("{strategy: merge_all}", "      max_concurrent: 2\n"), four};
  EXPECT_THAT(run.open_steps(), ElementsAre("all[a]", "all[b]"));
  run.succeed(run.task_at("all[a]"), 1);
  EXPECT_THAT(run.open_steps(), ElementsAre("all[b]", "all[c]"));
}

TEST(parallel, takes_the_first_success_and_cancels_the_rest) {
  run_harness run{fan_out("{strategy: merge_all, wait: first}"), four};
  run.fail(run.task_at("all[a]"));
  EXPECT_FALSE(run.finished());
  run.succeed(run.task_at("all[c]"), "won");
  EXPECT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
  EXPECT_EQ(result_of(run), (json{{"c", "won"}}));
  EXPECT_EQ(run.cancels.size(), 2U);
}

TEST(parallel, waits_for_a_quorum) {
  run_harness run{fan_out("{strategy: merge_all, wait: {quorum: 2}}"), four};
  run.succeed(run.task_at("all[a]"), 1);
  EXPECT_FALSE(run.finished());
  run.succeed(run.task_at("all[b]"), 2);
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(metadata_of(run)["partial"], false);
}

TEST(parallel, waits_for_a_result_that_is_valid) {
  run_harness run{fan_out("{strategy: merge_all, wait: any_valid, valid: \"output.ok\"}"), four};
  run.succeed(run.task_at("all[a]"), {{"ok", false}});
  EXPECT_FALSE(run.finished());
  run.succeed(run.task_at("all[b]"), {{"ok", true}});
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(result_of(run), (json{{"b", {{"ok", true}}}}));
}

TEST(parallel, goes_on_with_what_there_is_at_the_deadline) {
  run_harness run{fan_out("{strategy: merge_all, deadline: 10s, minimum_required: 2}"), four};
  run.succeed(run.task_at("all[a]"), 1);
  run.succeed(run.task_at("all[b]"), 2);
  ASSERT_TRUE(run.fire_next_timer());
  ASSERT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
  EXPECT_EQ(result_of(run), (json{{"a", 1}, {"b", 2}}));
  EXPECT_EQ(metadata_of(run)["failed_agents"][0]["error"], "timed_out: no result in 10.0 s");
}

TEST(parallel, fails_with_the_names_of_the_failed_when_too_few_succeed) {
  run_harness run{fan_out("{strategy: merge_all, minimum_required: 3}"), four};
  run.fail(run.task_at("all[a]"));
  run.fail(run.task_at("all[b]"));
  run.work([](const v1::Task&, const json&) { return json(1); });
  ASSERT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_SHORTFALL);
  EXPECT_THAT(run.machine.outcome().error.message(),
              HasSubstr("2 of 4 branches succeeded, 3 are required; failed: a (agent_failed"));
}

TEST(parallel, tries_the_failed_branches_again_on_a_shortfall) {
  run_harness run{fan_out("{strategy: merge_all, minimum_required: 4, on_shortfall: [retry, fail]}"), four};
  run.fail(run.task_at("all[a]"));
  run.succeed(run.task_at("all[b]"), 2);
  run.succeed(run.task_at("all[c]"), 3);
  run.succeed(run.task_at("all[d]"), 4);
  EXPECT_THAT(run.open_steps(), ElementsAre("all[a]"));
  run.succeed(run.task_at("all[a]"), 1);
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(metadata_of(run)["successful_agents"], 4);
}

TEST(parallel, hands_the_partial_results_to_the_fallback) {
  run_harness run{fan_out("{strategy: merge_all, minimum_required: all, on_shortfall: fallback, "
                          "fallback: {agent: judge, input: {have: \"$.partial.aggregated_result\"}}}"),
                  four};
  run.fail(run.task_at("all[a]"));
  run.work(
      [](const v1::Task& task, const json& input) { return task.agent() == "judge" ? input["have"] : input["item"]; });
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.output(), (json{{"b", "b"}, {"c", "c"}, {"d", "d"}}));
}

TEST(parallel, escalates_past_its_own_retry) {
  run_harness run{R"(
workflow: up
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - id: all
    retry: {maximum_attempts: 5}
    parallel:
      agents: [w]
      aggregate: {strategy: merge_all, on_shortfall: escalate}
)"};
  run.fail(*run.next_task());
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
}

TEST(parallel, yields_an_empty_result_for_no_items) {
  run_harness run{fan_out("{strategy: merge_all}"), {{"items", json::array()}}};
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(result_of(run), json::object());
}

TEST(parallel, refuses_to_fan_out_over_what_is_no_array) {
  run_harness run{fan_out("{strategy: merge_all}"), {{"items", 3}}};
  ASSERT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("must yield an array"));
}

TEST(parallel, keeps_items_of_the_same_name_apart) {
  run_harness run{fan_out("{strategy: merge_all}"), {{"items", {"a", "a"}}}};
  run.work([](const v1::Task&, const json& input) { return input["index"]; });
  EXPECT_EQ(result_of(run), (json{{"a", 0}, {"a#1", 1}}));
}

TEST(parallel, asks_the_scorer_for_the_best_result) {
  run_harness run{fan_out("{strategy: best_result, scorer: judge}"), four};
  run.work([](const v1::Task& task, const json& input) {
    if (task.agent() != "judge")
      return input["item"];
    EXPECT_EQ(input["candidates"].size(), 4U);
    return json{{"scores", {0.1, 0.9, 0.3, 0.2}}};
  });
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(result_of(run), "b");
  EXPECT_EQ(metadata_of(run)["quality_score"], 0.9);
}

TEST(parallel, folds_the_results_with_an_agent_in_order) {
  run_harness run{fan_out("{strategy: reduce, agent: judge, initial: \"\"}"), four};
  run.work([](const v1::Task& task, const json& input) {
    if (task.agent() != "judge")
      return input["item"];
    return json(input["accumulator"].get<std::string>() + input["item"].get<std::string>());
  });
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(result_of(run), "abcd");
}

TEST(parallel, has_an_agent_synthesise_what_there_is) {
  run_harness run{fan_out("{strategy: synthesis, agent: judge}"), four};
  run.fail(run.task_at("all[d]"));
  run.work([](const v1::Task& task, const json& input) {
    if (task.agent() != "judge")
      return input["item"];
    EXPECT_EQ(input["failed"].size(), 1U);
    return json{{"from", input["results"].size()}};
  });
  EXPECT_EQ(result_of(run), (json{{"from", 3}}));
}

TEST(parallel, sends_the_aggregation_again_after_a_resume) {
  run_harness run{fan_out("{strategy: merge_all}"), four};
  run.hold_aggregations = true;
  run.work([](const v1::Task&, const json&) { return json(1); });
  ASSERT_EQ(run.aggregations.size(), 1U);
  run.resume(2);
  ASSERT_EQ(run.aggregations.size(), 2U);
  run.answer_aggregation(*run.aggregations[0]);
  EXPECT_FALSE(run.finished()) << "the answer of the first life must not count";
  run.answer_aggregation(*run.aggregations[1]);
  EXPECT_TRUE(run.finished());
}

TEST(parallel, runs_whole_groups_as_branches) {
  run_harness run{R"(
workflow: nested
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - id: all
    parallel:
      each: "$.input.items"
      steps:
        - {id: one, agent: w, input: "$.item"}
        - {id: two, agent: w, input: {one: "$.steps.one", item: "$.item"}}
output: "$.steps.all.aggregated_result"
)",
                  {{"items", {"a", "b"}}}};
  EXPECT_THAT(run.open_steps(), ElementsAre("all[a].one", "all[b].one"));
  run.work([](const v1::Task& task, const json& input) {
    return task.step().find(".two") != std::string::npos ? input : json(1);
  });
  ASSERT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.output()["b"]["two"], (json{{"one", 1}, {"item", "b"}}));
}

} // namespace
} // namespace troupe
