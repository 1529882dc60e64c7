// What a turn may do at most, and that an operation beyond that does nothing at all.
#include "runtime/team/verdict.hpp"
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe::test {
namespace {

using testing::HasSubstr;

std::string bounded_team(const std::string& limits) {
  return R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}, c: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a}, {role: b}, {role: c}]
      turns: free
)" + limits
         + "output: $.steps.t\n";
}

TEST(team_bounds, bounds_what_a_turn_may_do) {
  run_harness run{bounded_team("      limits: {operations_per_turn: 2, messages: 1}\n")};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, {{"op", "log"}, {"text", "one"}});
  run.operate(a, 2, {{"op", "log"}, {"text", "two"}});
  EXPECT_THAT(std::string{run.answer_of(a, 2)["error"]["message"]}, HasSubstr("1 messages"));
  json third{{"op", "log"}, {"text", "three"}};
  EXPECT_FALSE(run.operate(a, 3, third)) << "it is not even journaled";
  EXPECT_EQ(run.machine.refusal_of(run.operation_of(a, 3, third))->message, "a turn may do 2 operations");
}

TEST(team_bounds, bounds_what_an_operation_may_say) {
  run_harness run{bounded_team("      limits: {artifact_bytes: 5000}\n")};
  auto a = run.task_at("t[a]");
  auto put = [](const json& value) { return json{{"op", "put"}, {"artifact", "draft"}, {"value", value}}; };
  const std::string large(5'000, 'x');
  for (const auto& x :
       {put(large), json{{"op", "ask"}, {"to", "b"}, {"content", large}}, json{{"op", "log"}, {"text", large}}}) {
    EXPECT_FALSE(run.operate(a, 1, x));
    auto why = run.machine.refusal_of(run.operation_of(a, 1, x));
    EXPECT_EQ(why->code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
    EXPECT_THAT(why->message, HasSubstr("the limit is 5000"));
  }
  EXPECT_TRUE(run.operate(a, 2, put(std::string(4'998, 'x'))));
  EXPECT_EQ(run.answer_of(a, 2)["value"]["version"], 1);
}

TEST(team_bounds, notifies_all_or_nobody) {
  run_harness run{bounded_team("      limits: {messages: 1}\n")};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, {{"op", "notify"}, {"content", "for both"}});
  EXPECT_EQ(run.answer_of(a, 1)["error"]["code"], "resource_exhausted");
  run.operate(a, 2, {{"op", "notify"}, {"to", "b"}, {"content", "for one"}});
  EXPECT_EQ(run.answer_of(a, 2)["value"]["messages"].size(), 1U) << "the room is still there";
}

TEST(team_bounds, reads_no_more_of_an_output_than_it_would_do) {
  run_harness run{bounded_team("")};
  run.succeed(run.task_at("t[a]"), {{"operations", json(std::vector<int>(100'000, 0))}, {"output", nullptr}});
  size_t refused = 0;
  for (const auto& update : run.updates)
    refused += update.team_event().has_refused() ? 1 : 0;
  EXPECT_EQ(refused, 1'001U);
  EXPECT_EQ(run.updates.back().team_event().turn_ended().outcome(), "refused");
}

TEST(team_bounds, calls_a_team_partial_whose_last_work_was_refused) {
  for (auto again : {false, true}) {
    run_harness run{bounded_team("      max_iterations: " + std::to_string(again ? 2 : 1)
                                 + "\n      limits: {artifact_bytes: 20}\n")};
    run.succeed(run.task_at("t[a]"), std::string(100, 'x'));
    run.succeed(run.task_at("t[b]"), "b's");
    run.succeed(run.task_at("t[c]"), "c's");
    // It hears of it at its next turn, and makes up for it.
    if (again)
      for (const auto* member : {"a", "b", "c"})
        run.succeed(run.task_at("t[" + std::string{member} + "]"), "short");
    ASSERT_TRUE(run.finished());
    EXPECT_EQ(run.state(), again ? v1::RUN_STATE_SUCCEEDED : v1::RUN_STATE_PARTIAL);
  }
}

TEST(team_operations, are_told_from_data_of_that_name) {
  auto artifact_after = [](const json& output) {
    run_harness run{bounded_team("      max_iterations: 1\n")};
    run.succeed(run.task_at("t[a]"), output);
    run.succeed(run.task_at("t[b]"), "b's");
    run.succeed(run.task_at("t[c]"), "c's");
    return run.output()["artifacts"].value("a", json{});
  };
  auto decide = R"({"op": "decide", "decision": "d"})"_json;
  EXPECT_EQ(artifact_after({{"operations", {decide}}, {"output", 1}, {"note", 2}}), 1);
  EXPECT_EQ(artifact_after({{"operations", {decide}}, {"summary", "s"}, {"confidence", 1}}),
            R"({"summary": "s"})"_json);
  EXPECT_EQ(artifact_after({{"operations", {decide}}}), nullptr);
  EXPECT_EQ(*verdict_in(R"({"operations": [{"op": "log", "text": "t"}], "verdict": "approve"})"_json), "approve");
  EXPECT_EQ(verdict_in(R"({"operations": [], "output": {"n": 1}, "verdict": "approve"})"_json), nullptr);
  auto plan = R"({"operations": ["step one", "step two"], "summary": "s"})"_json;
  EXPECT_EQ(artifact_after(plan), plan);
  auto count = R"({"operations": 3, "budget": 5})"_json;
  EXPECT_EQ(artifact_after(count), count);
}

TEST(team_bounds, bounds_what_a_team_says_together) {
  run_harness run{bounded_team("      limits: {workspace_bytes: 3000, artifact_bytes: 3000}\n")};
  auto a = run.task_at("t[a]");
  const std::string text(1'200, 'x');
  uint32_t number = 0;
  auto does = [&](json op) {
    run.operate(a, ++number, op);
    auto answer = run.answer_of(a, number);
    return answer.is_null() || !answer.contains("error") ? std::string{}
                                                         : answer["error"]["message"].get<std::string>();
  };
  EXPECT_EQ(does({{"op", "notify"}, {"to", "b"}, {"content", text}}), "");
  // One of the two would fit.
  EXPECT_THAT(does({{"op", "notify"}, {"content", text}}), HasSubstr("more than 3000 bytes"));
  EXPECT_EQ(does({{"op", "decide"}, {"decision", text}}), "");
  for (const auto& x : {json{{"op", "ask"}, {"to", "c"}, {"content", text}}, json{{"op", "decide"}, {"decision", text}},
                        json{{"op", "question"}, {"question", text}}, json{{"op", "log"}, {"text", text}}})
    EXPECT_THAT(does(x), HasSubstr("more than 3000 bytes")) << x;
  EXPECT_EQ(does({{"op", "put"}, {"artifact", "draft"}, {"value", text}}), "") << "artifacts have room of their own";
}

TEST(team_bounds, tells_the_inbox_of_an_answer_that_it_has_no_room_for) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: t
    team: {agents: [{role: a}, {role: b}], turns: round_robin, limits: {workspace_bytes: 2000, artifact_bytes: 2000}}
)"};
  run.succeed(run.task_at("t[a]"), {{"operations", {{{"op", "ask"}, {"to", "b"}, {"content", "?"}}}}});
  run.succeed(run.task_at("t[b:answer]"), std::string(3'000, 'x'));
  run.succeed(run.task_at("t[b]"), 1);
  auto told = json::parse(run.task_at("t[a]").input().data());
  EXPECT_EQ(told["inbox"][0]["in_reply_to"], "msg-1");
  EXPECT_THAT(told["inbox"][0]["content"]["error"].dump(), HasSubstr("the answer is left out"));
}

TEST(team_bounds, tells_the_inbox_of_a_time_out_when_the_log_is_full) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: t
    team: {agents: [{role: a}, {role: b}], turns: round_robin, limits: {messages: 1}, request_timeout: 5s}
)"};
  run.succeed(run.task_at("t[a]"), {{"operations", {{{"op", "ask"}, {"to", "b"}, {"content", "?"}}}}});
  ASSERT_TRUE(run.fire_next_timer());
  run.succeed(run.task_at("t[b]"), 1);
  auto told = json::parse(run.task_at("t[a]").input().data());
  ASSERT_EQ(told["inbox"].size(), 1U);
  EXPECT_EQ(told["inbox"][0]["in_reply_to"], "msg-1");
}

TEST(team_bounds, lets_a_new_attempt_read_again_at_the_bound) {
  run_harness run{bounded_team("      limits: {operations_per_turn: 1}\n")};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, {{"op", "get"}});
  run.lose(a);
  auto again = run.task_at("t[a]");
  run.operate(again, 1, {{"op", "get"}});
  EXPECT_FALSE(run.answer_of(again, 1).contains("error"));
}

} // namespace
} // namespace troupe::test
