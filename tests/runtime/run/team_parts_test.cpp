// Members whose work has several parts, which ask and write each for itself.
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <string>

namespace troupe::test {
namespace {

struct team_parts : testing::Test {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}, c: {kind: function}}
steps:
  - id: t
    team:
      agents:
        - {role: both, step: {parallel: {agents: [a, b], aggregate: {strategy: merge_all}}}}
        - {role: c}
      turns: round_robin
      max_iterations: 1
output: $.steps.t
)"};
  v1::Task a = run.task_at("t[both][a]");
  v1::Task b = run.task_at("t[both][b]");
};

TEST_F(team_parts, do_not_overwrite_each_other_unseen) {
  json write{{"op", "put"}, {"artifact", "draft"}, {"value", "mine"}};
  run.operate(a, 1, write);
  run.operate(b, 1, write);
  EXPECT_EQ(run.answer_of(b, 1)["error"]["code"], "conflict");
}

TEST_F(team_parts, wait_no_longer_when_they_have_ended) {
  run.operate(a, 1, {{"op", "ask"}, {"to", "c"}, {"content", "?"}});
  run.succeed(a, 1);
  auto c = run.task_at("t[c:answer]");
  run.operate(c, 1, {{"op", "ask"}, {"to", "both"}, {"content", "why?"}});
  EXPECT_TRUE(run.answer_of(c, 1).is_null()) << "nobody waits in a circle: it comes when the turn is over";
  run.succeed(b, 1);
  run.work([](const v1::Task&, const json&) { return json(1); });
  run.succeed(c, "late");
  run.work([](const v1::Task&, const json&) { return json(1); });
  ASSERT_TRUE(run.finished());
  bool arrived = false;
  const auto output = run.output();
  for (const auto& x : output["communication_log"])
    arrived = arrived || (x["type"] == "response" && x["to"] == "both" && x["content"] == "late");
  EXPECT_TRUE(arrived);
}

TEST(team_fallbacks, hear_in_the_inbox_what_the_failed_agent_has_asked) {
  run_harness run{R"(
workflow: w
agents: {first: {kind: function}, spare: {kind: function}, other: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a, agent: first, fallback: {agent: spare}}, {role: b, agent: other}]
      turns: round_robin
      max_iterations: 1
output: $.steps.t
)"};
  auto first = *run.next_task();
  run.operate(first, 1, {{"op", "ask"}, {"to", "b"}, {"content", "?"}});
  auto answering = *run.next_task();
  ASSERT_TRUE(answering.turn().answering());
  run.fail(first);
  auto spare = *run.next_task();
  ASSERT_EQ(spare.agent(), "spare");
  run.operate(answering, 1, {{"op", "ask"}, {"to", "a"}, {"content", "why?"}});
  EXPECT_TRUE(run.answer_of(answering, 1).is_null()) << "a does not wait any more: this is no circle";
  run.fail(answering);
  EXPECT_TRUE(run.answer_of(first, 1).is_null()) << "it is gone";
  run.operate(spare, 1, {{"op", "inbox"}});
  auto inbox = run.answer_of(spare, 1)["value"];
  auto heard = std::any_of(inbox.begin(), inbox.end(),
                           [](const json& x) { return x["type"] == "response" && x["in_reply_to"] == "msg-1"; });
  EXPECT_TRUE(heard) << inbox;
}

TEST(team_members, that_are_steps_yield_their_output_in_their_order) {
  run_harness run{R"(
workflow: w
agents: {find: {kind: function}, write: {kind: function}}
steps:
  - id: t
    team:
      agents:
        - role: writer
          steps:
            - {id: find, agent: find}
            - {id: write, agent: write}
          order: sequential
          output: $.steps.write
      turns: round_robin
      max_iterations: 1
output: $.steps.t.artifacts
)"};
  run.succeed(run.task_at("t[writer].find"), "a book");
  run.succeed(run.task_at("t[writer].write"), "a text");
  EXPECT_EQ(run.output(), R"({"writer": "a text"})"_json);
}

TEST(team_reviews, want_a_verdict_of_whoever_speaks_for_the_reviewer) {
  run_harness run{R"(
workflow: w
agents: {plain: {kind: function}, chosen: {kind: function}, spare: {kind: function}, judge: {kind: function},
         clerk: {kind: function}, last: {kind: function}, writer: {kind: function}}
steps:
  - id: t
    team:
      agents:
        - {role: one, agent: plain, fallback: {agent: spare}}
        - {role: two, step: {choose: [{otherwise: {agent: chosen}}]}}
        - {role: three, step: {parallel: {agents: [judge, clerk], aggregate: {strategy: merge_all}}}}
        - {role: four, steps: [{id: last, agent: last}]}
        - {role: writer, agent: writer}
      turns: free
      review: {by: [one, two, three, four]}
output: $.steps.t
)"};
  std::map<std::string, bool> wanted;
  while (auto task = run.next_task()) {
    wanted[task->agent()] = task->turn().reviews();
    if (task->agent() == "plain")
      run.fail(*task);
  }
  EXPECT_EQ(wanted, (std::map<std::string, bool>{{"plain", true},
                                                 {"spare", true},
                                                 {"chosen", true},
                                                 {"judge", false},
                                                 {"clerk", false},
                                                 {"last", false},
                                                 {"writer", false}}));
}

TEST(team_reviews, want_no_verdict_of_a_reviewer_that_is_asked_something) {
  run_harness run{R"(
workflow: w
agents: {writer: {kind: function}, critic: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: writer}, {role: critic}]
      phases: [draft, review]
output: $.steps.t
)"};
  auto writer = run.task_at("t[writer]");
  run.operate(writer, 1, {{"op", "ask"}, {"to", "critic"}, {"content", "?"}});
  auto asked = run.task_at("t[critic:answer]");
  EXPECT_FALSE(asked.turn().reviews());
  run.succeed(asked, 1);
  run.succeed(writer, "text");
  EXPECT_TRUE(run.task_at("t[critic]").turn().reviews());
}

} // namespace
} // namespace troupe::test
