// The way of an operation: from an agent through its host, the link, the dispatcher to the run and its journal, and the
// answer's way back.
#include "tests/actors/run/team_cluster.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* two_members = R"(
workflow: w
agents:
  a: {kind: function, function: puppet, config: {as: a}, retry: {maximum_attempts: 3}}
  b: {kind: function, function: puppet, config: {as: b}, retry: {maximum_attempts: 3}}
steps:
  - id: t
    team:
      goal: g
      turns: round_robin
      max_iterations: 1
      limits: {operations_per_turn: 5, artifact_bytes: 5000}
      agents: [{role: a, placement: {w1: "yes"}}, {role: b, placement: {w2: "yes"}}]
output: $.steps.t
)";

/// The same, but everybody may be anywhere.
std::string anywhere() {
  std::string out = two_members;
  for (auto pinned : {R"(, placement: {w1: "yes"})", R"(, placement: {w2: "yes"})"})
    out.replace(out.find(pinned), std::string{pinned}.size(), "");
  return out;
}

json put(const std::string& value) {
  return {{"op", "put"}, {"artifact", "draft"}, {"value", value}};
}

json note(const std::string& text) {
  return {{"op", "log"}, {"text", text}};
}

const json ask_b = {{"op", "ask"}, {"to", "b"}, {"content", "how many?"}};

struct team_way : test::team_cluster {
  test::puppet& a = worker("w1").at("a");
  test::puppet& b = worker("w2").at("b");
};

TEST_F(team_way, leads_to_the_run_and_back) {
  begin(two_members);
  operate(a, 1, put("one"));
  ASSERT_EQ(a.answers.size(), 1U);
  EXPECT_EQ(answer_to_json(a.answers[0]), R"({"value": {"artifact": "draft", "version": 1}})"_json);
  ASSERT_EQ(journaled().size(), 1U);
  EXPECT_EQ(journaled()[0].put().artifact(), "draft");
}

TEST_F(team_way, leads_to_a_member_on_another_node_and_back) {
  begin(two_members);
  operate(a, 1, ask_b);
  EXPECT_TRUE(a.answers.empty());
  ASSERT_EQ(b.tasks.size(), 1U);
  EXPECT_TRUE(b.tasks.front().turn().answering());
  finish(b, 42);
  ASSERT_EQ(a.answers.size(), 1U);
  EXPECT_EQ(answer_to_json(a.answers[0])["value"]["content"], 42);
}

TEST_F(team_way, leads_through_the_journal) {
  begin(two_members);
  seen->hold_appends = true;
  operate(a, 1, put("one"));
  EXPECT_TRUE(a.answers.empty()) << "the coordinator could die now, and nobody would know of the write";
  EXPECT_TRUE(journaled().empty());
  release_appends();
  settle();
  EXPECT_EQ(a.answers.size(), 1U);
  EXPECT_EQ(journaled().size(), 1U);
}

TEST_F(team_way, ends_with_the_task) {
  begin(two_members);
  auto over = a.tasks.front();
  finish(a, nullptr);
  self->send(a.handle, address(over, 1, put("late")));
  settle();
  ASSERT_EQ(a.failures.size(), 1U);
  EXPECT_EQ(a.failures[0].code, v1::ERROR_CODE_CANCELLED);
  EXPECT_TRUE(journaled().empty());
}

TEST_F(team_way, gives_everybody_up_who_waits_when_the_task_ends) {
  begin(two_members);
  operate(a, 1, ask_b);
  finish(a, "without an answer");
  ASSERT_EQ(a.failures.size(), 1U);
  EXPECT_EQ(a.failures[0].code, v1::ERROR_CODE_CANCELLED);
}

TEST_F(team_way, brings_each_of_a_burst_its_own_answer) {
  begin(two_members);
  for (uint32_t i = 1; i <= 5; ++i)
    self->send(a.handle, address(a.tasks.front(), i, note(std::to_string(i))));
  settle();
  EXPECT_THAT(a.answered(), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(journaled().size(), 5U);
  EXPECT_LE(seen->appends, 4) << "what comes together is committed together";
}

TEST_F(team_way, journals_nothing_beyond_the_bounds_of_a_turn) {
  begin(two_members);
  for (uint32_t i = 1; i <= 5; ++i)
    operate(a, i, note("x"));
  operate(a, 6, note("one too many"));
  ASSERT_EQ(a.answers.size(), 6U);
  EXPECT_THAT(a.answers[5].error().message(), HasSubstr("a turn may do 5 operations"));
  EXPECT_EQ(journaled().size(), 5U);
}

TEST_F(team_way, journals_nothing_that_is_larger_than_an_artifact_may_be) {
  begin(two_members);
  operate(a, 1, put(std::string(6'000, 'x')));
  ASSERT_EQ(a.answers.size(), 1U);
  EXPECT_EQ(a.answers[0].error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_THAT(a.answers[0].error().message(), HasSubstr("the limit is 5000"));
  EXPECT_TRUE(journaled().empty());
  operate(a, 2, put("shorter"));
  EXPECT_EQ(answer_to_json(a.answers.back())["value"]["version"], 1) << "the turn goes on";
}

TEST_F(team_way, refuses_what_does_not_fit_into_a_message_between_nodes) {
  begin(two_members);
  worker("w1").near->limit = 1'000;
  operate(a, 1, put(std::string(2'000, 'x')));
  ASSERT_EQ(a.answers.size(), 1U);
  EXPECT_THAT(a.answers[0].error().message(), HasSubstr("larger than a message between nodes may be"));
  operate(a, 2, put("shorter"));
  EXPECT_EQ(answer_to_json(a.answers.back())["value"]["version"], 1) << "the turn goes on";
}

TEST_F(team_way, refuses_an_answer_that_does_not_fit_into_a_message_between_nodes) {
  begin(two_members);
  operate(a, 1, put(std::string(2'000, 'x')));
  worker("w1").far->limit = 1'000;
  operate(a, 2, {{"op", "get"}, {"artifact", "draft"}});
  ASSERT_EQ(a.answers.size(), 2U);
  EXPECT_THAT(a.answers[1].error().message(), HasSubstr("the answer is larger than a message between nodes may be"));
}

TEST_F(team_way, bounds_what_waits_on_a_node) {
  begin(two_members);
  worker("w1").silent = true;
  std::string large(std::size_t{20} << 20, 'x');
  for (uint32_t i = 1; i <= 4; ++i)
    operate(a, i, put(large));
  ASSERT_EQ(a.failures.size(), 1U) << "three of 20 MiB wait for their answers";
  EXPECT_EQ(a.failures[0].code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(team_way, cuts_off_a_node_that_does_not_read_its_answers) {
  begin(two_members);
  worker("w1").far->next_status = send_status::full;
  operate(a, 1, put("one"));
  ASSERT_TRUE(worker("w1").far->closed);
  EXPECT_EQ(worker("w1").far->closed->code, v1::ERROR_CODE_RESOURCE_EXHAUSTED)
      << "an answer must not be lost on a link that lives on";
}

TEST_F(team_way, lets_a_node_speak_only_for_what_runs_there) {
  begin(two_members);
  auto forged = worker("w2").far->from_peer(900);
  forged.set_to_boot_id("c1-boot");
  *forged.mutable_op_batch()->add_operations() = address(a.tasks.front(), 1, put("from elsewhere"));
  worker("w2").near->written.push_back(forged);
  settle();
  EXPECT_TRUE(journaled().empty());
  operate(a, 1, put("mine"));
  EXPECT_EQ(answer_to_json(a.answers.back())["value"]["version"], 1);
}

TEST_F(team_way, is_closed_to_another_life_of_the_coordinator) {
  begin(two_members);
  auto stale = worker("w1").far->from_peer(901);
  stale.set_to_boot_id("an-earlier-boot");
  *stale.mutable_op_batch()->add_operations() = address(a.tasks.front(), 1, put("for the dead"));
  worker("w1").near->written.push_back(stale);
  settle();
  EXPECT_TRUE(journaled().empty());
}

TEST_F(team_way, is_closed_to_another_epoch_of_the_run) {
  begin(two_members);
  auto op = address(a.tasks.front(), 1, put("of an earlier owner"));
  op.set_epoch(7);
  auto late = worker("w1").far->from_peer(902);
  late.set_to_boot_id("c1-boot");
  *late.mutable_op_batch()->add_operations() = op;
  worker("w1").near->written.push_back(late);
  settle();
  EXPECT_TRUE(journaled().empty());
}

TEST_F(team_way, is_closed_to_a_node_that_was_given_up) {
  begin(anywhere());
  // Wherever the turn is: that node falls silent, and the other one gets it.
  auto& first = a.tasks.empty() ? worker("w2") : worker("w1");
  auto& second = a.tasks.empty() ? worker("w1") : worker("w2");
  operate(first.at("a"), 1, put("one"));
  first.silent = true;
  operate(first.at("a"), 2, put("two"));
  pass(milliseconds{6'000});
  ASSERT_EQ(second.at("a").tasks.size(), 1U);
  EXPECT_EQ(second.at("a").tasks.front().attempt(), 2U);
  // What it wrote meanwhile arrives at last.
  first.silent = false;
  settle();
  EXPECT_EQ(journaled().size(), 1U) << "the second write came too late";
  operate(second.at("a"), 1, put("one"));
  operate(second.at("a"), 2, put("another"));
  ASSERT_EQ(second.at("a").answers.size(), 2U);
  EXPECT_EQ(answer_to_json(second.at("a").answers[0])["value"]["version"], 1) << "the recorded answer";
  EXPECT_EQ(answer_to_json(second.at("a").answers[1])["value"]["version"], 2);
}

TEST_F(team_way, keeps_the_answer_for_the_successor_of_an_agent_that_is_gone) {
  begin(two_members);
  seen->hold_appends = true;
  operate(a, 1, put("one"));
  self->send_exit(a.handle, caf::exit_reason::kill);
  a.tasks.clear();
  settle();
  release_appends();
  settle();
  EXPECT_TRUE(a.answers.empty()) << "who asked is gone";
  // The crash costs a try, and the agent is started again.
  for (int i = 0; i < 50 && a.tasks.empty(); ++i)
    pass(milliseconds{200});
  ASSERT_EQ(a.tasks.size(), 1U);
  EXPECT_EQ(a.tasks.front().attempt(), 2U);
  operate(a, 1, put("one"));
  ASSERT_EQ(a.answers.size(), 1U);
  EXPECT_EQ(answer_to_json(a.answers[0])["value"]["version"], 1);
}

TEST_F(team_way, survives_the_owner_of_the_run) {
  begin(two_members);
  operate(a, 1, put("one"));
  operate(a, 2, ask_b);
  stop(chief);
  chief = spawn_coordinator("chief-2");
  ASSERT_TRUE(ask<v1::RunList>(chief, v1::ResumeRuns{}));
  settle();
  // Both tasks are sent again under the next attempt, and come as soon as the agents let go of the ones before.
  for (auto* agent : {&a, &b}) {
    EXPECT_FALSE(agent->cancelled.empty());
    finish(*agent, nullptr);
    ASSERT_EQ(agent->tasks.size(), 1U);
    ASSERT_EQ(agent->tasks.front().attempt(), 2U);
  }
  finish(b, 42);
  auto before = a.answers.size();
  operate(a, 1, put("one"));
  operate(a, 2, ask_b);
  ASSERT_EQ(a.answers.size(), before + 2);
  EXPECT_EQ(answer_to_json(a.answers[before])["value"]["version"], 1);
  EXPECT_EQ(answer_to_json(a.answers[before + 1])["value"]["content"], 42);
}

} // namespace
} // namespace troupe
