// What is nested too deeply for those who would be told of it is refused at its author, and never read recursively.
#include "runtime/agents/json_text.hpp"
#include "runtime/team/turn_context.hpp"
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe::test {
namespace {

using testing::HasSubstr;

const std::string two_in_turn = R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a}, {role: b}]
      turns: round_robin
      max_iterations: 2
output: $.steps.t
)";

/// A million would end a process that descends into them.
std::string brackets(size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

json nested(size_t levels) {
  return json::parse(brackets(levels));
}

std::vector<v1::TaskOp> operations_that_say(const std::string& text) {
  std::vector<v1::TaskOp> out(6);
  out[0].mutable_ask()->set_to("b");
  out[0].mutable_ask()->set_content(text);
  out[1].mutable_notify()->set_content(text);
  out[2].mutable_handoff()->set_to("b");
  out[2].mutable_handoff()->set_content(text);
  out[3].mutable_decide()->set_decision(text);
  out[4].mutable_put()->set_artifact("draft");
  out[4].mutable_put()->set_value(text);
  out[5].mutable_answer()->set_request("msg-1");
  out[5].mutable_answer()->set_content(text);
  return out;
}

TEST(team_depth, refuses_operations_that_nobody_could_read) {
  for (const auto& text :
       {brackets(max_told_depth + 1), brackets(500'000), std::string(500'000, '['), std::string{"{"}}) {
    for (auto op : operations_that_say(text)) {
      run_harness run{two_in_turn};
      auto a = run.task_at("t[a]");
      op.set_task(a.task());
      op.set_attempt(a.attempt());
      op.set_epoch(a.epoch());
      op.set_number(1);
      v1::RunEvent event;
      *event.mutable_task_operation()->mutable_op() = op;
      ASSERT_TRUE(run.offer(event));
      auto answer = run.answer_of(a, 1);
      EXPECT_EQ(answer["error"]["code"], "invalid_input") << op.op_case();
      EXPECT_THAT(std::string{answer["error"]["message"]}, HasSubstr("is not valid JSON: byte"));
      // Its turn goes on, and the next member can be told what there is.
      run.succeed(a, 1);
      EXPECT_FALSE(check_json(run.task_at("t[b]").input().data()));
    }
  }
}

TEST(team_depth, tells_the_next_member_of_the_deepest_that_it_takes) {
  run_harness run{two_in_turn};
  auto a = run.task_at("t[a]");
  auto deepest = nested(max_told_depth);
  run.operate(a, 1, {{"op", "notify"}, {"to", "b"}, {"content", deepest}});
  run.operate(a, 2, {{"op", "decide"}, {"decision", deepest}});
  run.operate(a, 3, {{"op", "put"}, {"artifact", "draft"}, {"value", deepest}});
  for (uint32_t i = 1; i <= 3; ++i)
    EXPECT_FALSE(run.answer_of(a, i).contains("error")) << i;
  run.succeed(a, deepest);
  auto told = run.task_at("t[b]").input().data();
  EXPECT_FALSE(check_json(told));
  EXPECT_EQ(json::parse(told)["workspace"]["artifacts"]["a"], deepest);
}

TEST(team_depth, refuses_an_output_as_an_artifact_that_nobody_could_read) {
  run_harness run{two_in_turn};
  run.succeed(run.task_at("t[a]"), nested(max_payload_depth));
  auto b = run.task_at("t[b]");
  EXPECT_FALSE(check_json(b.input().data()));
  EXPECT_FALSE(json::parse(b.input().data())["workspace"]["artifacts"].contains("a"));
  run.succeed(b, 1);
  auto again = json::parse(run.task_at("t[a]").input().data());
  EXPECT_THAT(std::string{again["refused"][0]["message"]}, HasSubstr("nested deeper than 60 levels"));
}

TEST(team_depth, tells_the_asker_of_an_answer_that_nobody_could_read) {
  run_harness run{two_in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, {{"op", "ask"}, {"to", "b"}, {"content", "?"}});
  run.succeed(run.task_at("t[b:answer]"), nested(max_payload_depth));
  EXPECT_EQ(run.answer_of(a, 1)["error"]["code"], "invalid_output");
  run.succeed(a, 1);
  EXPECT_FALSE(check_json(run.task_at("t[b]").input().data()));
}

TEST(team_depth, tells_deep_comments_of_a_review_as_a_text) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}, judge: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a}, {role: judge, archetype: critic}]
      phases: [one, two]
)"};
  run.succeed(run.task_at("t[a]"), 1);
  run.succeed(run.task_at("t[judge]"), {{"verdict", "revise"}, {"comments", nested(63)}});
  auto told = run.task_at("t[a]").input().data();
  EXPECT_FALSE(check_json(told));
  EXPECT_EQ(json::parse(told)["feedback"]["comments"], brackets(63));
}

TEST(team_depth, fails_a_team_that_is_given_what_nobody_could_read) {
  for (const auto* given : {"task: $.input", "workspace: {artifacts: {x: $.input}}",
                            "workspace: {decisions_made: [$.input]}", "messages: {to: a, content: $.input}"}) {
    run_harness run{R"(
workflow: w
agents: {a: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a}]
      )" + std::string{given}
                        + "\n",
                    nested(62)};
    EXPECT_EQ(run.state(), v1::RUN_STATE_FAILED) << given;
    EXPECT_THAT(run.machine.outcome().error.message(), HasSubstr("deeper than")) << given;
  }
}

TEST(run_depth, fails_a_run_whose_stored_input_nobody_could_read) {
  auto definition = compile("workflow: w\nagents: {a: {kind: function}}\nsteps: [{id: x, agent: a, input: $.input}]\n");
  run_machine machine{definition};
  auto event =
      new_run(*definition, brackets(500'000), {.run_id = "r1", .owner = {}, .now_ms = 0, .seed = 42, .traceparent = {}})
          .events(0);
  std::vector<command> out;
  machine.step(event, out);
  EXPECT_EQ(machine.outcome().state, v1::RUN_STATE_FAILED);
  EXPECT_THAT(machine.outcome().error.message(), HasSubstr("nested deeper than 64 levels"));
}

} // namespace
} // namespace troupe::test
