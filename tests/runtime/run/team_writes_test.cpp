// Who has seen what of an artifact, over the attempts of a turn and the ways to settle a conflict.
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>

namespace troupe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string two_writers(const std::string& conflict) {
  return R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}, judge: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a, writes: draft}, {role: b, writes: draft}]
      turns: free
      max_iterations: 1
      on_conflict: )"
         + conflict + "\noutput: $.steps.t\n";
}

json put_draft(const json& value) {
  return {{"op", "put"}, {"artifact", "draft"}, {"value", value}};
}

const json get_draft{{"op", "get"}, {"artifact", "draft"}};

struct two_at_once {
  explicit two_at_once(const std::string& conflict) : run{two_writers(conflict)} {}

  run_harness run;
  v1::Task a = run.task_at("t[a]");
  v1::Task b = run.task_at("t[b]");

  v1::Task again(const v1::Task& lost) {
    run.lose(lost);
    return run.task_at(lost.step());
  }

  /// Versions that watchers have been told of.
  std::vector<uint64_t> told() const {
    std::vector<uint64_t> out;
    for (const auto& update : run.updates)
      if (update.team_event().has_written())
        out.push_back(update.team_event().written().version());
    return out;
  }
};

TEST(team_writes, an_attempt_does_not_overwrite_what_only_the_one_before_it_has_seen) {
  two_at_once x{"reject"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, get_draft);
  auto again = x.again(x.a);
  // It was told what there was when the turn began, and has not read since.
  x.run.operate(again, 1, put_draft("a's"));
  EXPECT_EQ(x.run.answer_of(again, 1)["error"]["code"], "conflict");
  x.run.operate(again, 2, get_draft);
  x.run.operate(again, 3, put_draft("both"));
  EXPECT_EQ(x.run.answer_of(again, 3)["value"]["version"], 2);
}

TEST(team_writes, a_fallback_does_not_overwrite_what_only_the_failed_agent_has_seen) {
  for (const auto* member : {"agent: x, fallback: y",
                             "steps: [{id: s, agent: x}, {id: u, agent: y, needs: [s]}], retry: {maximum_attempts: 2}",
                             "agent: x, on_error: {output: nothing}"}) {
    SCOPED_TRACE(member);
    run_harness run{R"(
workflow: w
agents: {x: {kind: function}, y: {kind: function}, b: {kind: function}}
steps:
  - id: t
    team:
      agents: [{role: a, writes: draft, )"
                    + std::string{member} + R"(}, {role: b, writes: draft}]
      turns: free
      max_iterations: 1
output: $.steps.t
)"};
    auto b = run.task_at("t[b]");
    auto first = *run.next_task();
    run.operate(b, 1, put_draft("b's"));
    run.operate(first, 1, get_draft);
    if (std::string{member}.starts_with("steps")) {
      run.succeed(first, 1);
      run.fail(*run.next_task());
      run.fire_next_timer();
    } else {
      run.fail(first);
    }
    while (auto next = run.next_task())
      run.succeed(*next, "a's");
    run.succeed(b, nullptr);
    ASSERT_TRUE(run.finished());
    EXPECT_EQ(run.output()["artifacts"]["draft"], "b's");
  }
}

TEST(team_writes, an_attempt_goes_on_from_the_recorded_write_of_the_one_before_it) {
  two_at_once x{"reject"};
  x.run.operate(x.a, 1, put_draft("one"));
  auto again = x.again(x.a);
  x.run.operate(again, 1, put_draft("one"));
  x.run.operate(again, 2, put_draft("two"));
  EXPECT_EQ(x.run.answer_of(again, 2)["value"]["version"], 2);
}

TEST(team_writes, an_attempt_may_overwrite_what_its_own_turn_has_left_behind) {
  two_at_once x{"reject"};
  x.run.operate(x.a, 1, put_draft("left behind"));
  auto again = x.again(x.a);
  x.run.operate(again, 1, put_draft("new"));
  EXPECT_EQ(x.run.answer_of(again, 1)["value"]["version"], 2);
  auto third = x.again(again);
  x.run.succeed(third, "in the end");
  x.run.succeed(x.b, nullptr);
  EXPECT_EQ(x.run.output()["artifacts"]["draft"], "in the end");
}

TEST(team_writes, an_output_does_not_overwrite_what_only_an_earlier_attempt_has_seen) {
  two_at_once x{"reject"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, get_draft);
  auto again = x.again(x.a);
  x.run.succeed(again, "a's");
  x.run.succeed(x.b, nullptr);
  EXPECT_EQ(x.run.output()["artifacts"]["draft"], "b's");
}

TEST(team_writes, a_read_that_comes_twice_shows_twice_the_same) {
  two_at_once x{"reject"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, get_draft);
  x.run.operate(x.b, 2, put_draft("b's second"));
  // The network repeats it; a may have heard the first answer long ago.
  x.run.operate(x.a, 1, get_draft);
  EXPECT_EQ(x.run.answer_of(x.a, 1)["value"]["version"], 1);
  x.run.operate(x.a, 2, put_draft("a's"));
  EXPECT_EQ(x.run.answer_of(x.a, 2)["error"]["code"], "conflict") << "it has not seen b's second";
  x.run.operate(x.a, 3, get_draft);
  EXPECT_EQ(x.run.answer_of(x.a, 3)["value"]["version"], 2);
}

TEST(team_writes, a_read_of_nothing_that_comes_twice_shows_nothing_twice) {
  two_at_once x{"reject"};
  x.run.operate(x.a, 1, get_draft);
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, get_draft);
  EXPECT_EQ(x.run.answer_of(x.a, 1)["value"]["version"], 0);
  x.run.operate(x.a, 2, put_draft("a's"));
  EXPECT_EQ(x.run.answer_of(x.a, 2)["error"]["code"], "conflict");
}

TEST(team_writes, a_write_that_comes_twice_does_not_forget_what_came_after_it) {
  two_at_once x{"reject"};
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.operate(x.b, 1, get_draft);
  x.run.operate(x.b, 2, put_draft("b's"));
  x.run.operate(x.a, 2, get_draft);
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.operate(x.a, 3, put_draft("both"));
  EXPECT_EQ(x.run.answer_of(x.a, 3)["value"]["version"], 3);
}

TEST(team_writes, an_output_may_follow_what_its_attempt_has_read) {
  two_at_once x{"reject"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, get_draft);
  x.run.succeed(x.a, "both");
  x.run.succeed(x.b, nullptr);
  EXPECT_EQ(x.run.output()["artifacts"]["draft"], "both");
}

TEST(team_writes, tells_a_writer_what_became_of_its_value) {
  two_at_once x{"merge"};
  x.run.operate(x.b, 1, put_draft({{"b", 1}}));
  EXPECT_FALSE(x.run.answer_of(x.b, 1)["value"].contains("value")) << "it is as it wanted it to be";
  x.run.operate(x.a, 1, put_draft({{"a", 1}}));
  EXPECT_EQ(x.run.answer_of(x.a, 1)["value"], R"({"artifact": "draft", "version": 2, "value": {"a": 1, "b": 1}})"_json);
}

TEST(team_writes, tells_a_writer_what_the_resolver_has_made_of_its_value) {
  two_at_once x{"agent\n      resolver: judge"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.succeed(x.run.task_at("t[resolver]"), "both");
  EXPECT_EQ(x.run.answer_of(x.a, 1)["value"]["value"], "both");
}

TEST(team_writes, tells_watchers_of_a_write_whose_attempt_is_gone_when_it_is_settled) {
  two_at_once x{"agent\n      resolver: judge"};
  x.run.operate(x.b, 1, put_draft("b's"));
  x.run.operate(x.a, 1, put_draft("a's"));
  auto again = x.again(x.a);
  x.run.operate(again, 1, {{"op", "log"}, {"text", "another way"}});
  x.run.succeed(x.run.task_at("t[resolver]"), "both");
  EXPECT_THAT(x.told(), ElementsAre(1, 2));
}

TEST(team_writes, tells_watchers_of_no_version_where_a_vote_writes_none) {
  two_at_once x{"vote"};
  x.run.operate(x.b, 1, put_draft("the same"));
  x.run.operate(x.a, 1, put_draft("the same"));
  EXPECT_EQ(x.run.answer_of(x.a, 1)["value"]["version"], 1);
  EXPECT_THAT(x.told(), ElementsAre(1));
}

TEST(team_writes, refuses_a_write_that_has_not_seen_what_another_wrote) {
  two_at_once x{"reject"};
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.operate(x.b, 1, put_draft("b's"));
  EXPECT_EQ(x.run.answer_of(x.b, 1)["error"]["code"], "conflict");
  x.run.operate(x.b, 2, get_draft);
  x.run.operate(x.b, 3, put_draft("both"));
  EXPECT_EQ(x.run.answer_of(x.b, 3)["value"]["version"], 2);
}

TEST(team_writes, asks_an_agent_to_settle_a_conflict) {
  two_at_once x{"agent\n      resolver: judge"};
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.operate(x.b, 1, put_draft("b's"));
  EXPECT_TRUE(x.run.answer_of(x.b, 1).is_null());
  auto judge = x.run.task_at("t[resolver]");
  auto input = json::parse(judge.input().data());
  EXPECT_EQ(input["current"], "a's");
  EXPECT_EQ(input["proposed"], "b's");
  x.run.succeed(judge, "both");
  EXPECT_EQ(x.run.answer_of(x.b, 1)["value"]["version"], 2);
  x.run.operate(x.b, 2, get_draft);
  EXPECT_EQ(x.run.answer_of(x.b, 2)["value"]["value"], "both");
}

TEST(team_writes, asks_the_agent_again_when_somebody_has_written_meanwhile) {
  two_at_once x{"agent\n      resolver: judge"};
  x.run.operate(x.a, 1, put_draft("a's"));
  x.run.operate(x.b, 1, put_draft("b's"));
  auto judge = x.run.task_at("t[resolver]");
  x.run.operate(x.a, 2, put_draft("a's second"));
  x.run.succeed(judge, "both");
  EXPECT_TRUE(x.run.answer_of(x.b, 1).is_null()) << "it would undo what a has written since";
  auto again = x.run.task_at("t[resolver]");
  auto input = json::parse(again.input().data());
  EXPECT_EQ(input["current"], "a's second");
  EXPECT_EQ(input["proposed"], "b's");
  x.run.succeed(again, "all");
  EXPECT_EQ(x.run.answer_of(x.b, 1)["value"]["version"], 3);
}

TEST(team_writes, gives_up_settling_where_there_is_no_end_of_writing) {
  two_at_once x{"agent\n      resolver: judge"};
  uint32_t number = 1;
  x.run.operate(x.a, number, put_draft(number));
  x.run.operate(x.b, 1, put_draft("b's"));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(x.run.answer_of(x.b, 1).is_null());
    auto judge = x.run.task_at("t[resolver]");
    ++number;
    x.run.operate(x.a, number, put_draft(number));
    x.run.succeed(judge, "both");
  }
  EXPECT_EQ(x.run.answer_of(x.b, 1)["error"]["code"], "conflict");
  EXPECT_THAT(std::string{x.run.answer_of(x.b, 1)["error"]["message"]}, HasSubstr("written again each time"));
  x.run.operate(x.b, 2, get_draft);
  EXPECT_EQ(x.run.answer_of(x.b, 2)["value"]["value"], number);
}

struct human : testing::Test, two_at_once {
  human() : two_at_once{"human\n      decision_timeout: 1m"} {
    run.operate(a, 1, put_draft("a's"));
    run.operate(b, 1, put_draft("b's"));
  }

  bool answer(const json& content, const std::string& question = "q-1") {
    v1::RunEvent event;
    event.mutable_question_answered()->set_question(question);
    event.mutable_question_answered()->set_content(content.dump());
    event.mutable_question_answered()->set_who("Ada");
    return run.offer(std::move(event));
  }
};

TEST_F(human, settles_a_conflict) {
  EXPECT_TRUE(run.answer_of(b, 1).is_null());
  EXPECT_FALSE(answer("what?"));
  EXPECT_TRUE(answer({{"keep", "proposed"}}));
  EXPECT_EQ(run.answer_of(b, 1)["value"]["version"], 2);
  EXPECT_FALSE(answer({{"keep", "current"}})) << "it is settled";
}

TEST_F(human, is_asked_again_when_somebody_has_written_meanwhile) {
  run.operate(a, 2, put_draft("a's second"));
  EXPECT_TRUE(answer({{"keep", "proposed"}}));
  EXPECT_TRUE(run.answer_of(b, 1).is_null());
  EXPECT_FALSE(answer({{"keep", "proposed"}})) << "that question is over";
  EXPECT_TRUE(answer({{"value", "all"}}, "q-2"));
  EXPECT_EQ(run.answer_of(b, 1)["value"]["version"], 3);
}

TEST_F(human, may_keep_what_there_is) {
  EXPECT_TRUE(answer({{"keep", "current"}}));
  EXPECT_THAT(std::string{run.answer_of(b, 1)["error"]["message"]}, HasSubstr("Ada kept the current one"));
}

TEST_F(human, is_not_waited_for_for_ever) {
  while (run.answer_of(b, 1).is_null() && run.fire_next_timer())
    ;
  EXPECT_THAT(std::string{run.answer_of(b, 1)["error"]["message"]}, HasSubstr("nobody has settled it in time"));
}

} // namespace
} // namespace troupe::test
