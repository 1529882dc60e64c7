#include "runtime/agents/process/process_core.hpp"

#include "runtime/agents/process/protocol.hpp"
#include "runtime/core/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>

namespace troupe {
namespace {

using namespace process_action;

v1::Task make_task(uint32_t number, uint32_t timeout_ms = 0) {
  v1::Task out;
  out.set_run_id("r");
  out.set_task(number);
  out.set_attempt(1);
  out.set_epoch(5);
  out.set_timeout_ms(timeout_ms);
  return out;
}

v1::CancelTask make_cancel(uint32_t number) {
  v1::CancelTask out;
  out.set_run_id("r");
  out.set_task(number);
  out.set_attempt(1);
  return out;
}

std::string answer_line(uint32_t number) {
  return json{{"task_id", wire_id("r", number)}, {"output", number}}.dump() + "\n";
}

struct process_core_test : ::testing::Test {
  process_core core{"a", {.concurrency = 2, .max_line = 200}};
  int64_t now = 1'000;

  template <class T>
  std::vector<T> take() {
    std::vector<T> out;
    for (auto& x : core.take_actions())
      if (auto* y = std::get_if<T>(&x))
        out.push_back(std::move(*y));
    return out;
  }

  void start() {
    core.submit(make_task(1), now);
    core.started(now);
    core.output(answer_line(1), now);
    core.take_actions();
  }
};

TEST_F(process_core_test, starts_the_process_for_its_first_task) {
  core.submit(make_task(1), now);
  auto actions = core.take_actions();
  ASSERT_EQ(actions.size(), 1u);
  EXPECT_TRUE(std::holds_alternative<spawn>(actions[0]));
  core.started(now);
  EXPECT_EQ(take<write>().size(), 1u);
  core.output(answer_line(1), now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result.output().data(), "1");
  EXPECT_EQ(answers[0].result.run_id(), "r");
  EXPECT_EQ(answers[0].result.epoch(), 5u);
}

TEST_F(process_core_test, matches_answers_in_any_order_and_writes_no_more_than_the_concurrency) {
  start();
  for (uint32_t i = 2; i <= 4; ++i)
    core.submit(make_task(i), now);
  EXPECT_EQ(take<write>().size(), 2u);
  core.output(answer_line(3) + answer_line(2), now);
  auto actions = core.take_actions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(std::get<answer>(actions[0]).result.task(), 3u);
  EXPECT_EQ(std::get<answer>(actions[1]).result.task(), 2u);
  EXPECT_TRUE(std::holds_alternative<write>(actions[2]));
}

TEST_F(process_core_test, puts_lines_together_from_pieces) {
  start();
  core.submit(make_task(2), now);
  core.take_actions();
  for (char c : answer_line(2))
    core.output(std::string_view{&c, 1}, now);
  EXPECT_EQ(take<answer>().size(), 1u);
}

TEST_F(process_core_test, passes_progress_on) {
  start();
  core.submit(make_task(2), now);
  core.output("{\"task_id\": \"r/2\", \"progress\": 0.25}\n", now);
  auto news = take<process_action::progress>();
  ASSERT_EQ(news.size(), 1u);
  EXPECT_EQ(news[0].progress.task(), 2u);
  EXPECT_EQ(news[0].progress.fraction(), 0.25);
}

TEST_F(process_core_test, counts_garbage_and_answers_that_nobody_asked_for) {
  start();
  core.submit(make_task(2), now);
  core.output("hello\n[]\n" + answer_line(9), now);
  EXPECT_TRUE(take<answer>().empty());
  EXPECT_EQ(core.counters().garbage_lines, 2u);
  EXPECT_EQ(core.counters().unknown_tasks, 1u);
  core.output(answer_line(2), now);
  EXPECT_EQ(take<answer>().size(), 1u);
}

TEST_F(process_core_test, fails_what_a_dead_process_had_and_starts_it_again_after_a_while) {
  start();
  for (uint32_t i = 2; i <= 4; ++i)
    core.submit(make_task(i), now);
  core.take_actions();
  core.exited("status 3", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].result.error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_TRUE(answers[0].result.error().retryable());
  EXPECT_EQ(core.next_deadline(), now + 100);
  core.tick(now + 99);
  EXPECT_TRUE(core.take_actions().empty());
  core.tick(now + 100);
  EXPECT_EQ(take<spawn>().size(), 1u);
  core.started(now);
  EXPECT_EQ(take<write>().size(), 1u);
}

TEST_F(process_core_test, waits_longer_with_every_death_until_a_task_is_answered) {
  start();
  std::vector<int64_t> waits;
  for (int i = 0; i < 12; ++i) {
    core.exited("signal 9", now);
    waits.push_back(*core.next_deadline() - now);
    core.tick(now = *core.next_deadline());
    core.started(now);
  }
  EXPECT_EQ(waits[0], 100);
  EXPECT_EQ(waits[1], 200);
  EXPECT_EQ(waits.back(), 30'000);
  core.submit(make_task(2), now);
  core.output(answer_line(2), now);
  core.exited("signal 9", now);
  EXPECT_EQ(*core.next_deadline() - now, 100);
}

TEST_F(process_core_test, tells_those_who_wait_when_it_cannot_be_started) {
  core.submit(make_task(1), now);
  core.failed("No such file or directory", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result.error().code(), v1::ERROR_CODE_UNAVAILABLE);
  core.submit(make_task(2), now);
  EXPECT_TRUE(core.take_actions().empty());
  core.tick(now + 100);
  EXPECT_EQ(take<spawn>().size(), 1u);
}

TEST_F(process_core_test, ends_the_process_when_a_task_that_it_works_on_is_cancelled) {
  start();
  for (uint32_t i = 2; i <= 4; ++i)
    core.submit(make_task(i), now);
  core.take_actions();
  core.cancel(make_cancel(4), now);
  EXPECT_EQ(take<answer>().at(0).result.status(), v1::TASK_STATUS_CANCELLED);
  core.cancel(make_cancel(2), now);
  auto actions = core.take_actions();
  ASSERT_EQ(actions.size(), 3u);
  EXPECT_EQ(std::get<answer>(actions[0]).result.status(), v1::TASK_STATUS_CANCELLED);
  EXPECT_EQ(std::get<answer>(actions[1]).result.status(), v1::TASK_STATUS_CANCELLED) << "given back, not failed";
  EXPECT_TRUE(std::holds_alternative<terminate>(actions[2]));
  // What it still says does not count, and new tasks wait for the next process.
  core.output(answer_line(2), now);
  core.submit(make_task(5), now);
  EXPECT_TRUE(core.take_actions().empty());
  core.exited("signal 15", now);
  EXPECT_EQ(take<spawn>().size(), 1u);
  core.started(now);
  EXPECT_EQ(take<write>().size(), 1u);
}

TEST_F(process_core_test, ends_the_process_when_a_task_takes_too_long) {
  start();
  for (uint32_t i = 2; i <= 4; ++i)
    core.submit(make_task(i, 50), now);
  core.take_actions();
  EXPECT_EQ(core.next_deadline(), now + 50);
  core.tick(now + 50);
  auto actions = core.take_actions();
  ASSERT_EQ(actions.size(), 4u);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_EQ(std::get<answer>(actions[i]).result.status(), v1::TASK_STATUS_TIMED_OUT);
  EXPECT_TRUE(std::holds_alternative<terminate>(actions[3]));
}

TEST_F(process_core_test, ends_the_process_when_it_closes_a_pipe) {
  start();
  core.submit(make_task(2), now);
  core.take_actions();
  core.broken("closed its output", now);
  auto actions = core.take_actions();
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(std::get<answer>(actions[0]).result.error().code(), v1::ERROR_CODE_AGENT_CRASHED);
}

TEST_F(process_core_test, blames_a_line_that_is_too_long_on_the_only_task_open) {
  start();
  core.submit(make_task(2), now);
  core.output(std::string(300, 'x'), now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result.error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  core.submit(make_task(3), now);
  core.output("xxx\n" + answer_line(3), now);
  EXPECT_EQ(take<answer>().size(), 1u);
  EXPECT_EQ(core.counters().long_lines, 1u);
}

TEST_F(process_core_test, ends_the_process_when_nobody_knows_whose_line_is_too_long) {
  start();
  core.submit(make_task(2), now);
  core.submit(make_task(3), now);
  core.take_actions();
  core.output(std::string(300, 'x'), now);
  EXPECT_EQ(take<answer>().size(), 2u);
}

TEST_F(process_core_test, refuses_inputs_that_have_no_json_form) {
  start();
  auto task = make_task(2);
  task.mutable_input()->set_content_type("application/octet-stream");
  core.submit(std::move(task), now);
  EXPECT_EQ(take<answer>().at(0).result.error().code(), v1::ERROR_CODE_INVALID_INPUT);
}

/// A process that does whatever a schedule says, and the books of its tasks.
struct world {
  process_core core;
  int64_t now = 1;
  uint32_t submitted = 0;
  std::map<uint32_t, int> answered = {};
  std::set<uint32_t> written = {};
  bool spawning = false;
  bool alive = false;
  bool ending = false;

  void settle() {
    for (auto& x : core.take_actions()) {
      if (auto* a = std::get_if<answer>(&x)) {
        ++answered[a->result.task()];
        written.erase(a->result.task());
      } else if (std::get_if<spawn>(&x)) {
        RC_ASSERT(!alive && !spawning);
        spawning = true;
      } else if (auto* w = std::get_if<write>(&x)) {
        RC_ASSERT(alive && !ending);
        auto id = json::parse(w->line)["task_id"].get<std::string>();
        written.insert(static_cast<uint32_t>(std::stoul(id.substr(2))));
      } else if (std::get_if<terminate>(&x)) {
        RC_ASSERT(alive && !ending);
        ending = true;
      }
    }
  }

  void start(bool works) {
    if (!std::exchange(spawning, false))
      return;
    alive = works;
    if (works)
      core.started(now);
    else
      core.failed("no", now);
    settle();
  }

  void die() {
    if (!std::exchange(alive, false))
      return;
    ending = false;
    written.clear();
    core.exited("status 1", now);
    settle();
  }

  void say(const std::string& text) {
    if (alive)
      core.output(text, now);
    settle();
  }

  void pass(int64_t ms) {
    core.tick(now += ms);
    settle();
  }

  void end() {
    for (int i = 0; i < 1'000 && (spawning || ending || core.next_deadline() || !written.empty()); ++i) {
      start(true);
      if (ending)
        die();
      // The end of a line that was too long, if there was one.
      say("\n");
      while (!written.empty())
        say(answer_line(*written.begin()));
      if (auto at = core.next_deadline())
        pass(std::max<int64_t>(0, *at - now));
    }
  }
};

RC_GTEST_PROP(process_core_law, answers_each_task_exactly_once, ()) {
  world w{process_core{"a", {.concurrency = static_cast<uint32_t>(*rc::gen::inRange(1, 4)), .max_line = 100}}};
  for (int i = *rc::gen::inRange(0, 100); i > 0; --i)
    switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {1, 2}, {4, 3}, {1, 4}, {1, 5}, {1, 6}, {2, 7}})) {
    case 0:
      w.core.submit(make_task(++w.submitted, *rc::gen::elementOf(std::vector<uint32_t>{0, 10, 300})), w.now);
      w.settle();
      break;
    case 1:
      w.start(true);
      break;
    case 2:
      w.start(false);
      break;
    case 3:
      if (!w.written.empty())
        w.say("\n" + answer_line(*rc::gen::elementOf(w.written)));
      break;
    case 4:
      w.die();
      break;
    case 5:
      w.core.cancel(make_cancel(*rc::gen::inRange<uint32_t>(1, w.submitted + 2)), w.now);
      w.settle();
      break;
    case 6:
      w.say(*rc::gen::elementOf(std::vector<std::string>{"garbage\n", std::string(150, 'x'), "\n"}));
      break;
    default:
      w.pass(*rc::gen::inRange(0, 200));
    }
  w.end();
  for (uint32_t i = 1; i <= w.submitted; ++i)
    RC_ASSERT(w.answered[i] == 1);
}

TEST_F(process_core_test, complains_of_endless_nonsense_a_few_times_per_second_only) {
  start();
  std::string nonsense;
  for (int i = 0; i < 10'000; ++i)
    nonsense += "?\n";
  core.output(nonsense, now);
  EXPECT_EQ(take<process_action::log>().size(), 10u);
  EXPECT_EQ(core.counters().garbage_lines, 10'000u);
  core.output("?\n", now + 1'000);
  auto later = take<process_action::log>();
  ASSERT_EQ(later.size(), 1u);
  EXPECT_NE(later[0].text.find("9990 complaints before it are left out"), std::string::npos) << later[0].text;
}

TEST_F(process_core_test, ends_a_process_whose_line_has_no_end) {
  start();
  core.submit(make_task(2), now);
  take<write>();
  core.output(std::string(201, 'x'), now);
  EXPECT_EQ(take<answer>().size(), 1u);
  core.submit(make_task(3), now);
  EXPECT_EQ(take<write>().size(), 1u);
  core.output(std::string(1'398, 'x'), now);
  EXPECT_TRUE(take<answer>().empty());
  core.output("x", now);
  auto actions = core.take_actions();
  auto is_end = [](const process_action::any& x) { return std::holds_alternative<terminate>(x); };
  EXPECT_EQ(std::count_if(actions.begin(), actions.end(), is_end), 1);
  auto* given_up = std::get_if<answer>(&actions.at(1));
  ASSERT_TRUE(given_up);
  EXPECT_EQ(given_up->result.error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_TRUE(given_up->result.error().retryable());
}

// --- turns of a team ---

v1::Task make_turn(uint32_t number) {
  auto out = make_task(number);
  out.mutable_turn()->set_role("writer");
  out.mutable_turn()->set_context(R"({"role": "writer"})");
  return out;
}

TEST_F(process_core_test, passes_operations_on_and_their_answers_back) {
  core.submit(make_turn(1), now);
  core.started(now);
  auto request = take<write>();
  ASSERT_EQ(request.size(), 1u);
  EXPECT_EQ(json::parse(request[0].line)["turn"]["role"], "writer");
  core.output(R"({"task_id": "r/1", "op": "ask", "to": "editor", "content": "?", "id": "x7"})"
              "\n",
              now);
  auto wishes = take<operate>();
  ASSERT_EQ(wishes.size(), 1u);
  EXPECT_EQ(wishes[0].op.ask().to(), "editor");
  EXPECT_EQ(wishes[0].op.number(), 1u);
  EXPECT_EQ(wishes[0].op.attempt(), 1u);
  EXPECT_EQ(wishes[0].op.epoch(), 5u);
  v1::OpAnswer answer;
  answer.set_attempt(1);
  answer.set_value("42");
  core.operated(wishes[0].task_id, wishes[0].tag, answer);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line), R"({"task_id": "r/1", "answer_to": "x7", "value": 42})"_json);
}

TEST_F(process_core_test, refuses_operations_of_a_task_that_is_no_turn) {
  core.submit(make_task(1), now);
  core.started(now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "inbox", "id": 1})"
              "\n",
              now);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line)["error"]["code"], "forbidden");
}

TEST_F(process_core_test, says_what_is_wrong_with_an_operation) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.take_actions();
  core.output(R"({"task_id": "r/1", "op": "put", "artifact": "a", "id": 1})"
              "\n",
              now);
  auto back = take<write>();
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(json::parse(back[0].line)["error"]["message"], "operation put needs `value`");
}

TEST_F(process_core_test, drops_the_answer_to_an_operation_whose_task_has_ended) {
  core.submit(make_turn(1), now);
  core.started(now);
  core.output(answer_line(1), now);
  core.take_actions();
  core.operated("r/1", "1", {});
  EXPECT_TRUE(core.take_actions().empty());
}

} // namespace
} // namespace troupe
