// What a turn may do at most, and that an operation beyond that does nothing at all.
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
