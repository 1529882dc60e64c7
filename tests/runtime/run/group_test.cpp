#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using test::run_harness;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr const char* diamond = R"(
workflow: diamond
agents:
  worker: {kind: lua, script: "return input"}
steps:
  - {id: a, agent: worker, input: {n: "$.input.n"}}
  - {id: b, agent: worker, input: {from: "$.steps.a"}}
  - {id: c, agent: worker, input: {from: "$.steps.a"}}
  - {id: d, agent: worker, input: {b: "$.steps.b", c: "$.steps.c"}}
output: "$.steps.d"
)";

TEST(group, starts_a_step_when_all_that_it_reads_has_ended) {
  run_harness run{diamond, {{"n", 7}}};
  EXPECT_THAT(run.open_steps(), ElementsAre("a"));
  run.succeed(run.task_at("a"), 1);
  EXPECT_THAT(run.open_steps(), UnorderedElementsAre("b", "c"));
  run.succeed(run.task_at("c"), 3);
  EXPECT_THAT(run.open_steps(), ElementsAre("b"));
  run.succeed(run.task_at("b"), 2);
  auto last = run.task_at("d");
  EXPECT_EQ(json::parse(last.input().data()), (json{{"b", 2}, {"c", 3}}));
  run.succeed(last, "done");
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.output(), "done");
}

TEST(group, maps_the_input_of_the_run) {
  run_harness run{diamond, {{"n", 7}}};
  EXPECT_EQ(json::parse(run.task_at("a").input().data()), (json{{"n", 7}}));
}

TEST(group, yields_all_outputs_where_it_maps_none) {
  run_harness run{R"(
workflow: two
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w}
  - {id: y, agent: w}
)"};
  run.work([](const v1::Task& task, const json&) { return json{{"at", task.step()}}; });
  EXPECT_EQ(run.output(), (json{{"x", {{"at", "x"}}}, {"y", {{"at", "y"}}}}));
}

TEST(group, runs_in_document_order_when_told_so) {
  run_harness run{R"(
workflow: chain
agents: {w: {kind: lua, script: "return 1"}}
order: sequential
steps:
  - {id: x, agent: w}
  - {id: y, agent: w}
)"};
  EXPECT_THAT(run.open_steps(), ElementsAre("x"));
  run.succeed(run.task_at("x"), 1);
  EXPECT_THAT(run.open_steps(), ElementsAre("y"));
}

TEST(group, skips_a_step_whose_condition_does_not_hold_and_shows_null_to_the_next) {
  run_harness run{R"(
workflow: skip
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w}
  - {id: y, agent: w, when: "steps.x.score > 0.5"}
  - {id: z, agent: w, input: {x: "$.steps.x.score", y: "$.steps.y"}}
output: "$.steps.z"
)"};
  run.succeed(run.task_at("x"), {{"score", 0.1}});
  auto z = run.task_at("z");
  EXPECT_EQ(json::parse(z.input().data()), (json{{"x", 0.1}, {"y", nullptr}}));
  run.succeed(z, "end");
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
}

TEST(group, fails_the_run_when_a_step_fails_and_cancels_what_still_runs) {
  run_harness run{R"(
workflow: two
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w}
  - {id: y, agent: w}
)"};
  run.fail(run.task_at("x"));
  ASSERT_TRUE(run.finished());
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("step x: it did not work"));
  ASSERT_EQ(run.cancels.size(), 1U);
  EXPECT_EQ(run.machine.tasks_in_flight(), 0U);
}

TEST(group, goes_on_where_on_error_says_so_and_ends_as_partial) {
  run_harness run{R"(
workflow: lenient
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w, on_error: {output: {code: "$.error.code"}}}
  - {id: y, agent: w, input: {x: "$.steps.x"}}
output: "$.steps.y"
)"};
  run.fail(run.task_at("x"));
  auto y = run.task_at("y");
  EXPECT_EQ(json::parse(y.input().data()), (json{{"x", {{"code", "agent_failed"}}}}));
  run.succeed(y, 1);
  EXPECT_EQ(run.state(), v1::RUN_STATE_PARTIAL);
}

TEST(group, gives_a_failed_step_to_its_fallback) {
  run_harness run{R"(
workflow: rescue
agents: {w: {kind: lua, script: "return 1"}, spare: {kind: lua, script: "return 2"}}
steps:
  - {id: x, agent: w, fallback: {agent: spare, input: {why: "$.error.message"}}}
output: "$.steps.x"
)"};
  run.fail(run.task_at("x"));
  auto rescue = run.next_task();
  ASSERT_TRUE(rescue);
  EXPECT_EQ(rescue->agent(), "spare");
  EXPECT_EQ(json::parse(rescue->input().data()), (json{{"why", "it did not work"}}));
  run.succeed(*rescue, "saved");
  EXPECT_EQ(run.state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_EQ(run.output(), "saved");
}

TEST(group, tells_both_failures_when_the_fallback_fails_too) {
  run_harness run{R"(
workflow: rescue
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w, fallback: w}
)"};
  run.fail(*run.next_task());
  run.fail(*run.next_task());
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("the fallback failed too"));
}

TEST(group, times_a_step_out_and_cancels_its_task) {
  run_harness run{R"(
workflow: slow
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w, timeout: 5s}
)"};
  auto begun = run.now;
  auto task = run.task_at("x");
  ASSERT_TRUE(run.fire_next_timer());
  EXPECT_EQ(run.now - begun, 5'000);
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_TIMED_OUT);
  EXPECT_EQ(run.cancels.size(), 1U);
  EXPECT_FALSE(run.succeed(task, 1)) << "a late result must not count";
}

TEST(choose, runs_the_first_case_that_holds) {
  constexpr const char* document = R"(
workflow: route
agents: {small: {kind: lua, script: "return 1"}, big: {kind: lua, script: "return 2"}}
steps:
  - id: route
    choose:
      - {when: "input.n > 10", agent: big}
      - {otherwise: {agent: small}}
output: "$.steps.route"
)";
  run_harness many{document, {{"n", 11}}};
  EXPECT_EQ(many.next_task()->agent(), "big");
  run_harness few{document, {{"n", 2}}};
  EXPECT_EQ(few.next_task()->agent(), "small");
}

TEST(group, nests_and_sees_the_steps_outside) {
  run_harness run{R"(
workflow: nest
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: a, agent: w}
  - id: inner
    steps:
      - {id: b, agent: w, input: {a: "$.steps.a"}}
      - {id: c, agent: w, input: {b: "$.steps.b"}}
  - {id: d, agent: w, input: "$.steps.inner"}
output: "$.steps.d"
)"};
  EXPECT_THAT(run.open_steps(), ElementsAre("a"));
  run.succeed(run.task_at("a"), "A");
  auto b = run.task_at("inner.b");
  EXPECT_EQ(json::parse(b.input().data()), (json{{"a", "A"}}));
  run.succeed(b, "B");
  run.succeed(run.task_at("inner.c"), "C");
  auto d = run.task_at("d");
  EXPECT_EQ(json::parse(d.input().data()), (json{{"b", "B"}, {"c", "C"}}));
}

TEST(group, shows_all_ended_steps_to_an_expression_that_names_none) {
  run_harness run{R"(
workflow: all
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: a, agent: w}
  - {id: b, agent: w}
  - {id: c, agent: w, input: "$.steps[*].n"}
output: "$.steps.c"
)"};
  run.succeed(run.task_at("a"), {{"n", 1}});
  run.succeed(run.task_at("b"), {{"n", 2}});
  EXPECT_EQ(json::parse(run.task_at("c").input().data()), (json{1, 2}));
}

TEST(group, checks_the_output_of_the_run_against_its_schema) {
  run_harness run{R"(
workflow: strict
output_schema: {type: object, required: [total]}
agents: {w: {kind: lua, script: "return 1"}}
steps: [{id: a, agent: w}]
output: "$.steps.a"
)"};
  run.succeed(run.task_at("a"), {{"n", 1}});
  EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(run.machine.outcome().error.code(), v1::ERROR_CODE_INVALID_OUTPUT);
}

TEST(group, cancels_the_run_and_everything_in_it) {
  run_harness run{diamond, {{"n", 1}}};
  run.succeed(run.task_at("a"), 1);
  run.cancel();
  EXPECT_EQ(run.state(), v1::RUN_STATE_CANCELLED);
  EXPECT_EQ(run.cancels.size(), 2U);
  EXPECT_EQ(run.machine.tasks_in_flight(), 0U);
}

} // namespace
} // namespace troupe
