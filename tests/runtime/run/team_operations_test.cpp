// What members do in the middle of their turns, and that it happens once.
#include "tests/support/run_harness.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace troupe::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string three_members(const std::string& body) {
  return R"(
workflow: w
agents:
  a: {kind: function}
  b: {kind: function}
  c: {kind: function}
steps:
  - id: t
    team:
      agents: [{role: a}, {role: b}, {role: c, interacts_with: [a]}]
)" + body + "output: $.steps.t\n";
}

const std::string in_turn = three_members("      turns: round_robin\n      max_iterations: 1\n");
const std::string all_free = three_members("      turns: free\n      max_iterations: 1\n");

json put(const std::string& artifact, const json& value) {
  return {{"op", "put"}, {"artifact", artifact}, {"value", value}};
}

json ask(const std::string& to, const json& content = "?") {
  return {{"op", "ask"}, {"to", to}, {"content", content}};
}

TEST(team_operations, answers_a_write_with_its_version_at_once) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  EXPECT_TRUE(run.operate(a, 1, put("draft", "one")));
  EXPECT_EQ(run.answer_of(a, 1), R"({"value": {"artifact": "draft", "version": 1}})"_json);
  run.operate(a, 2, put("draft", "two"));
  EXPECT_EQ(run.answer_of(a, 2)["value"]["version"], 2) << "what it wrote itself, it has seen";
  run.operate(a, 3, {{"op", "get"}, {"artifact", "draft"}, {"version", 1}});
  EXPECT_EQ(run.answer_of(a, 3)["value"]["value"], "one");
}

TEST(team_operations, lets_a_member_ask_and_brings_the_answer_back) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b", "how many?"));
  EXPECT_TRUE(run.answer_of(a, 1).is_null()) << "it waits";
  auto b = run.task_at("t[b:answer]");
  EXPECT_TRUE(b.turn().answering());
  EXPECT_EQ(json::parse(b.input().data())["question"]["content"], "how many?");
  run.succeed(b, 42);
  EXPECT_EQ(run.answer_of(a, 1), R"({"value": {"from": "b", "request": "msg-1", "content": 42}})"_json);
  run.succeed(a, nullptr);
  EXPECT_THAT(run.open_steps(), ElementsAre("t[b]"));
}

TEST(team_operations, refuses_a_write_out_of_turn) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b"));
  auto b = run.task_at("t[b:answer]");
  run.operate(b, 1, put("draft", "mine"));
  EXPECT_EQ(run.answer_of(b, 1)["error"]["code"], "forbidden");
  EXPECT_THAT(std::string{run.answer_of(b, 1)["error"]["message"]}, HasSubstr("it is not the turn of b"));
  run.succeed(b, 1);
  run.succeed(a, 1);
  EXPECT_FALSE(run.operate(a, 2, put("draft", "late"))) << "its turn is over";
}

TEST(team_operations, refuses_those_whom_a_member_may_not_address) {
  run_harness run{in_turn};
  run.succeed(run.task_at("t[a]"), 1);
  run.succeed(run.task_at("t[b]"), 1);
  auto c = run.task_at("t[c]");
  run.operate(c, 1, ask("b"));
  EXPECT_EQ(run.answer_of(c, 1)["error"]["message"], "c may not address b (interacts_with); it may address a");
  run.operate(c, 2, ask("d"));
  EXPECT_EQ(run.answer_of(c, 2)["error"]["message"], "there is no teammate \"d\"; c may address a");
  run.operate(c, 3, ask("c"));
  EXPECT_EQ(run.answer_of(c, 3)["error"]["code"], "forbidden");
}

TEST(team_operations, finds_a_circle_of_questions_at_once) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b"));
  auto b = run.task_at("t[b:answer]");
  run.operate(b, 1, ask("c"));
  auto c = run.task_at("t[c:answer]");
  run.operate(c, 1, ask("a"));
  EXPECT_EQ(run.answer_of(c, 1)["error"]["code"], "deadlock");
  EXPECT_THAT(std::string{run.answer_of(c, 1)["error"]["message"]}, HasSubstr("c → a → b → c"));
  run.succeed(c, "alone");
  EXPECT_EQ(run.answer_of(b, 1)["value"]["content"], "alone");
  run.succeed(b, "too");
  EXPECT_EQ(run.answer_of(a, 1)["value"]["content"], "too");
}

TEST(team_operations, lets_a_question_wait_while_its_addressee_is_busy) {
  run_harness run{all_free};
  auto a = run.task_at("t[a]");
  auto b = run.task_at("t[b]");
  run.operate(a, 1, ask("b"));
  EXPECT_THAT(run.open_steps(), ElementsAre("t[c]"));
  run.operate(b, 1, {{"op", "inbox"}});
  EXPECT_EQ(run.answer_of(b, 1)["value"][0]["from"], "a");
  run.operate(b, 2, ask("a"));
  EXPECT_EQ(run.answer_of(b, 2)["error"]["code"], "deadlock") << "a waits for b";
  run.succeed(b, 1);
  EXPECT_THAT(run.open_steps(), ElementsAre("t[c]", "t[b:answer]"));
}

TEST(team_operations, lets_a_busy_member_answer_from_its_inbox) {
  run_harness run{all_free};
  auto a = run.task_at("t[a]");
  auto b = run.task_at("t[b]");
  run.operate(a, 1, ask("b"));
  run.operate(b, 1, {{"op", "answer"}, {"request", "msg-1"}, {"content", "here"}});
  EXPECT_EQ(run.answer_of(a, 1)["value"]["content"], "here");
  run.operate(b, 2, {{"op", "answer"}, {"request", "msg-1"}, {"content", "again"}});
  EXPECT_EQ(run.answer_of(b, 2)["error"]["code"], "not_found");
}

TEST(team_operations, serves_the_more_urgent_question_first) {
  run_harness run{all_free};
  auto a = run.task_at("t[a]");
  auto b = run.task_at("t[b]");
  auto c = run.task_at("t[c]");
  run.operate(b, 1, ask("a", "low"));
  auto urgent = ask("a", "high");
  urgent["priority"] = "high";
  run.operate(c, 1, urgent);
  run.succeed(a, 1);
  EXPECT_EQ(json::parse(run.task_at("t[a:answer]").input().data())["question"]["content"], "high");
}

TEST(team_operations, serves_an_old_question_before_an_urgent_one_as_the_team_s_ageing_says) {
  for (auto waited : {9'000, 11'000}) {
    run_harness run{three_members("      turns: free\n      max_iterations: 1\n      ageing: 10s\n")};
    auto a = run.task_at("t[a]");
    run.operate(run.task_at("t[b]"), 1, ask("a", "old"));
    run.now += waited;
    auto urgent = ask("a", "urgent");
    urgent["priority"] = "high";
    run.operate(run.task_at("t[c]"), 1, urgent);
    run.succeed(a, 1);
    EXPECT_EQ(json::parse(run.task_at("t[a:answer]").input().data())["question"]["content"],
              waited > 10'000 ? "old" : "urgent");
  }
}

TEST(team_operations, tells_what_needs_no_response_and_names_the_artifacts_of_a_message) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(
      a, 1,
      {{"type", "request"}, {"to", "b"}, {"content", "look"}, {"requires_response", false}, {"artifacts", {"draft"}}});
  EXPECT_EQ(run.answer_of(a, 1), R"({"value": {"messages": ["msg-1"]}})"_json) << "it does not wait";
  run.succeed(a, 1);
  auto inbox = json::parse(run.task_at("t[b]").input().data())["inbox"];
  ASSERT_EQ(inbox.size(), 1U);
  EXPECT_EQ(inbox[0]["content"], "look");
  EXPECT_EQ(inbox[0]["artifacts"], json{"draft"});
  EXPECT_EQ(inbox[0]["requires_response"], false);
}

TEST(team_operations, gives_up_on_a_question_at_its_deadline) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  auto question = ask("b");
  question["timeout_seconds"] = 5;
  run.operate(a, 1, question);
  run.fire_next_timer();
  EXPECT_EQ(run.answer_of(a, 1)["error"]["message"], "b did not answer within 5.0 s");
  EXPECT_EQ(run.cancels.size(), 1U) << "nobody waits for b's answer any more";
  run.succeed(a, 1);
  EXPECT_THAT(run.open_steps(), ElementsAre("t[b]"));
}

TEST(team_operations, answers_unavailable_when_the_one_asked_is_gone_for_good) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b"));
  for (int i = 0; i < 4; ++i)
    EXPECT_TRUE(run.lose(run.task_at("t[b:answer]"))) << "its successor is asked";
  EXPECT_TRUE(run.answer_of(a, 1).is_null());
  run.lose(run.task_at("t[b:answer]"));
  EXPECT_EQ(run.answer_of(a, 1)["error"]["code"], "unavailable");
}

TEST(team_operations, does_nothing_twice_when_a_turn_is_sent_again) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, put("draft", "one"));
  run.operate(a, 2, ask("b"));
  run.lose(a);
  auto again = run.task_at("t[a]");
  EXPECT_EQ(again.attempt(), 2U);
  run.operate(again, 1, put("draft", "one"));
  EXPECT_EQ(run.answer_of(again, 1)["value"]["version"], 1) << "the recorded answer";
  run.operate(again, 2, ask("b"));
  EXPECT_THAT(run.open_steps(), ElementsAre("t[b:answer]")) << "asked once";
  run.succeed(run.task_at("t[b:answer]"), "yes");
  EXPECT_EQ(run.answer_of(again, 2)["value"]["content"], "yes");
}

TEST(team_operations, gives_a_new_attempt_the_answer_that_the_dead_one_missed) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b"));
  run.resume(2);
  // Both are in flight again, under the new coordinator.
  auto b = run.task_at("t[b:answer]");
  while (b.attempt() < 2)
    b = run.task_at("t[b:answer]");
  run.succeed(b, "yes");
  auto again = run.task_at("t[a]");
  EXPECT_EQ(again.epoch(), 2U);
  run.operate(again, 1, ask("b"));
  EXPECT_EQ(run.answer_of(again, 1)["value"]["content"], "yes");
}

TEST(team_operations, begins_anew_where_a_later_attempt_differs) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, ask("b"));
  run.lose(a);
  auto again = run.task_at("t[a]");
  run.operate(again, 1, put("draft", "other"));
  EXPECT_EQ(run.answer_of(again, 1)["value"]["version"], 1);
  EXPECT_EQ(run.cancels.size(), 1U) << "the question is taken back";
  run.operate(again, 2, ask("b"));
  EXPECT_THAT(run.open_steps(), ElementsAre("t[b:answer]"));
}

TEST(team_operations, leaves_room_for_what_was_refused_on_its_way) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, put("draft", "one"));
  // A host or a link has refused the second.
  run.operate(a, 3, put("draft", "three"));
  EXPECT_EQ(run.answer_of(a, 3)["value"]["version"], 2);
  run.lose(a);
  // Where the next attempt gets it through, what followed stays.
  auto again = run.task_at("t[a]");
  run.operate(again, 1, put("draft", "one"));
  run.operate(again, 2, put("notes", "two"));
  run.operate(again, 3, put("draft", "three"));
  EXPECT_EQ(run.answer_of(again, 2)["value"]["version"], 1);
  EXPECT_EQ(run.answer_of(again, 3)["value"]["version"], 2) << "the recorded answer";
  EXPECT_FALSE(run.operate(again, 0, put("draft", "none"))) << "they are counted from 1";
}

TEST(team_operations, takes_nothing_from_tasks_outside_of_a_team) {
  run_harness run{R"(
workflow: w
agents: {a: {kind: function}}
steps: [{id: x, agent: a}]
)"};
  EXPECT_FALSE(run.operate(*run.next_task(), 1, put("draft", 1)));
}

TEST(team_operations, does_what_an_output_asks_for_and_reports_what_it_refused) {
  run_harness run{in_turn};
  run.succeed(run.task_at("t[a]"), {{"operations",
                                     {put("draft", "text"),
                                      {{"op", "decide"}, {"decision", "short"}, {"reason", "time"}},
                                      {{"op", "notify"}, {"to", "b"}, {"content", "ready"}},
                                      {{"op", "ask"}, {"to", "c"}, {"content", "ok?"}},
                                      {{"op", "dance"}}}},
                                    {"output", nullptr}});
  run.succeed(run.task_at("t[c:answer]"), "fine");
  auto b = json::parse(run.task_at("t[b]").input().data());
  EXPECT_EQ(b["workspace"]["artifacts"]["draft"], "text");
  EXPECT_EQ(b["workspace"]["decisions_made"][0]["decision"], "short");
  EXPECT_EQ(b["inbox"][0]["content"], "ready");
  bool refused = false;
  for (auto& update : run.updates)
    refused = refused || update.team_event().refused().error().message().starts_with("there is no operation \"dance\"");
  EXPECT_TRUE(refused);
}

TEST(team_operations, hands_a_turn_over_once) {
  run_harness run{in_turn};
  auto a = run.task_at("t[a]");
  run.operate(a, 1, {{"op", "handoff"}, {"to", "b"}});
  run.operate(a, 2, {{"op", "handoff"}, {"to", "c"}});
  EXPECT_THAT(std::string{run.answer_of(a, 2)["error"]["message"]}, HasSubstr("handed to b already"));
}

/// Members that do what a list of numbers says, die and are taken over in the middle: whatever happens, the journal
/// replays to the same state, everybody who waits hears something, and the team ends.
RC_GTEST_PROP(team_operations, replay_to_the_same_workspace_and_always_end, (const std::vector<uint16_t>& choices)) {
  run_harness run{three_members("      turns: free\n      on_conflict: merge\n      max_iterations: 2\n")};
  std::map<uint32_t, std::pair<v1::Task, uint32_t>> open;
  const char* roles[] = {"a", "b", "c"};
  uint64_t epoch = 1;
  auto fetch = [&] {
    while (auto task = run.next_task())
      open[task->task()] = {*task, 0};
  };
  size_t next = 0;
  for (int steps = 0; !run.finished() && steps < 2'000; ++steps) {
    fetch();
    auto what = next < choices.size() ? choices[next] : uint16_t{0};
    ++next;
    if (open.empty()) {
      RC_ASSERT(run.fire_next_timer());
      continue;
    }
    auto i = std::next(open.begin(), static_cast<long>(what % open.size()));
    auto& [task, number] = i->second;
    auto role = task.turn().role();
    auto waits = number > 0 && run.answer_of(task, number).is_null();
    switch (what / 8 % 8) {
    case 1:
    case 2:
      if (!waits)
        run.operate(task, ++number, put("draft", {{"m" + std::to_string(what % 3), what}}));
      break;
    case 3:
    case 4:
      if (!waits)
        run.operate(task, ++number, ask(roles[what / 64 % 3]));
      break;
    case 5: {
      auto lost = task;
      open.erase(i);
      run.lose(lost);
      break;
    }
    case 6:
      run.resume(++epoch);
      open.clear();
      break;
    default:
      if (!waits) {
        auto done = task;
        open.erase(i);
        run.succeed(done, {{role, what}});
      } else if (next > choices.size()) {
        run.fire_next_timer();
      }
    }
    if (next % 16 == 0) {
      auto replayed = run.replay();
      RC_ASSERT(replayed.digest() == run.machine.digest());
      // The digest has no more than counts of some things.
      if (auto live = run.machine.show_workspace(""))
        RC_ASSERT(replayed.show_workspace("")->now->snapshot()->document() == live->now->snapshot()->document());
    }
    // What was cancelled is nobody's any more.
    for (auto& stopped : run.cancels)
      open.erase(stopped.task);
    run.cancels.clear();
  }
  RC_ASSERT(run.finished());
  RC_ASSERT(run.replay().digest() == run.machine.digest());
  // All that happened: artifacts, changes, decisions, the log.
  RC_ASSERT(run.replay().outcome().output == run.machine.outcome().output);
}

} // namespace
} // namespace troupe::test
