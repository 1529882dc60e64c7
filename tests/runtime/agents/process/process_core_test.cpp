#include "tests/runtime/agents/process/process_core_fixture.hpp"

#include <algorithm>

namespace troupe {
namespace {

using namespace test;

struct process_core_test : process_core_fixture {};

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

TEST_F(process_core_test, lets_nobody_wait_for_long_for_a_process_that_keeps_dying) {
  start();
  for (int i = 0; i < 4; ++i) {
    core.exited("status 3; it said last: boom", now);
    core.tick(now = *core.next_deadline());
    core.started(now);
  }
  for (uint32_t i = 2; i <= 4; ++i)
    core.submit(make_task(i), now);
  core.take_actions();
  core.exited("status 3; it said last: boom", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 3u) << "two died with it, one waited";
  const auto& why = answers.back().result.error();
  EXPECT_EQ(why.code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(why.retryable());
  EXPECT_EQ(why.retry_after_ms(), 1'600u);
  EXPECT_EQ(why.message(),
            "the process has ended again and again, last with status 3; it said last: boom; it is started "
            "again in 1600 ms");
  core.submit(make_task(6), now + 100);
  EXPECT_EQ(take<answer>().at(0).result.error().retry_after_ms(), 1'500u);
  core.submit(make_task(7), now + 600);
  EXPECT_TRUE(core.take_actions().empty()) << "a second is not too long to wait";
  core.tick(now + 1'600);
  core.started(now + 1'600);
  EXPECT_EQ(take<write>().size(), 1u);
}

TEST_F(process_core_test, says_what_it_wrote_in_place_of_an_answer) {
  start();
  core.submit(make_task(2, 50), now);
  core.output("Traceback\nhello\n", now);
  core.take_actions();
  core.tick(now + 50);
  auto why = take<answer>().at(0).result.error().message();
  EXPECT_TRUE(
      why.starts_with("agent \"a\" did not answer within 50 ms; it wrote 2 lines that are no answers, the last: "
                      "hello ("))
      << why;
  core.exited("signal 15", now);
  core.started(now);
  core.submit(make_task(3), now);
  core.output(answer_line(9), now);
  core.take_actions();
  core.exited("status 1", now);
  why = take<answer>().at(0).result.error().message();
  EXPECT_TRUE(why.starts_with("agent crashed: the process ended with status 1; it wrote a line that is no answer: {")
              && why.ends_with("(it has no task of that task_id)"))
      << why;
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

} // namespace
} // namespace troupe
