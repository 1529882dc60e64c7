#include "nodes/cli/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::cli {

namespace {

using ::testing::HasSubstr;

v1::RunUpdate at(int64_t ms) {
  v1::RunUpdate x;
  x.set_at_ms(ms);
  return x;
}

v1::RunUpdate step_started(int64_t ms, const std::string& step, uint32_t children = 0) {
  auto x = at(ms);
  x.mutable_step_started()->set_step(step);
  x.mutable_step_started()->set_kind(children > 0 ? "parallel" : "agent");
  x.mutable_step_started()->set_children(children);
  return x;
}

v1::RunUpdate step_finished(int64_t ms, const std::string& step, const std::string& outcome = "succeeded") {
  auto x = at(ms);
  x.mutable_step_finished()->set_step(step);
  x.mutable_step_finished()->set_outcome(outcome);
  return x;
}

v1::RunUpdate task_started(int64_t ms, const std::string& step, uint32_t task, uint32_t attempt = 1) {
  auto x = at(ms);
  x.mutable_task_started()->set_step(step);
  x.mutable_task_started()->set_task(task);
  x.mutable_task_started()->set_attempt(attempt);
  return x;
}

v1::RunUpdate task_ended(int64_t ms, const std::string& step, uint32_t task, v1::TaskStatus status,
                         bool will_retry = false) {
  auto x = at(ms);
  auto& ended = *x.mutable_task_ended();
  ended.set_step(step);
  ended.set_agent("worker");
  ended.set_node("w1");
  ended.set_task(task);
  ended.set_attempt(1);
  ended.set_status(status);
  ended.set_will_retry(will_retry);
  if (status != v1::TASK_STATUS_SUCCESS)
    ended.set_error("agent_failed: no luck");
  return x;
}

v1::RunUpdate run_finished(int64_t ms, v1::RunState state) {
  auto x = at(ms);
  x.mutable_run_finished()->mutable_summary()->set_state(state);
  return x;
}

} // namespace

TEST(progress, writes_lines_in_a_pipe) {
  progress view;
  std::string out;
  for (const auto& x :
       {step_started(1'000, "plan"), task_started(1'000, "plan", 0),
        task_ended(1'400, "plan", 0, v1::TASK_STATUS_SUCCESS), step_finished(1'400, "plan"),
        step_started(1'400, "research", 2), step_finished(2'000, "research[0]"), step_finished(2'100, "research[1]"),
        step_finished(2'100, "research"), step_finished(2'100, "publish", "skipped")})
    out += view.update(x, x.at_ms());
  EXPECT_EQ(out, "plan: started\n"
                 "plan: succeeded after 400 ms\n"
                 "research: started, 2 branches\n"
                 "research: succeeded after 700 ms\n"
                 "publish: skipped\n");
  EXPECT_EQ(view.draw(2'200), "");
}

TEST(progress, tells_why_an_attempt_failed) {
  progress view;
  view.update(task_started(1, "plan", 0), 1);
  EXPECT_EQ(view.update(task_ended(2, "plan", 0, v1::TASK_STATUS_FAILED, true), 2),
            "plan: attempt 1 of worker on w1 failed: agent_failed: no luck; it is tried again\n");
}

TEST(progress, tells_the_quarters_of_a_wide_fan_out_once) {
  progress view;
  view.update(step_started(1, "all", 200), 1);
  std::string out;
  for (uint32_t i = 0; i < 200; ++i) {
    auto place = "all[" + std::to_string(i) + "]";
    out += view.update(task_ended(2, place, i, v1::TASK_STATUS_SUCCESS), 2);
    out += view.update(step_finished(2, place), 2);
  }
  EXPECT_EQ(out, "all: 50 of 200\nall: 100 of 200\nall: 150 of 200\n");
}

TEST(progress, draws_a_bar_for_a_fan_out) {
  progress view{{.terminal = true, .width = 80}};
  EXPECT_EQ(view.update(step_started(1'000, "research", 4), 500), "");
  view.update(task_started(1'000, "research[0]", 0), 500);
  view.update(task_started(1'000, "research[1]", 1), 500);
  view.update(task_ended(1'000, "research[1]", 1, v1::TASK_STATUS_FAILED), 500);
  view.update(step_finished(1'000, "research[1]", "failed"), 500);
  EXPECT_EQ(view.draw(3'500), "▸ research  ━━━━━━──────────────────  1/4  1 failed  1 running  3 s\n");
}

TEST(progress, counts_branches_whose_names_have_dots_and_not_the_steps_inside) {
  progress view{{.terminal = true, .width = 80}};
  view.update(step_started(1, "read", 2), 1);
  view.update(step_finished(1, "read[GPL-3.0].quote"), 1);
  EXPECT_THAT(view.draw(1), HasSubstr("0/2"));
  view.update(step_finished(1, "read[GPL-3.0]"), 1);
  EXPECT_THAT(view.draw(1), HasSubstr("1/2"));
}

TEST(progress, takes_the_body_of_a_choice_for_a_part_of_its_step) {
  progress view;
  EXPECT_EQ(view.update(step_started(1, "route"), 1), "route: started\n");
  EXPECT_EQ(view.update(step_started(1, "route"), 1), "");
  EXPECT_EQ(view.update(step_finished(2, "route"), 2), "");
  EXPECT_EQ(view.update(step_finished(3, "route"), 3), "route: succeeded after 2 ms\n");
}

TEST(progress, draws_over_what_it_drew_before) {
  progress view{{.terminal = true, .width = 80}};
  view.update(step_started(1'000, "plan"), 1'000);
  EXPECT_EQ(view.draw(1'000), "▸ plan  0 s\n");
  view.update(step_finished(1'900, "plan"), 1'900);
  view.update(step_started(1'900, "write"), 1'900);
  EXPECT_EQ(view.draw(2'000), "\x1b[1F\x1b[0J✔ plan   900 ms\n▸ write  0 s\n");
  EXPECT_EQ(view.erase(), "\x1b[2F\x1b[0J");
  EXPECT_EQ(view.erase(), "");
}

TEST(progress, never_writes_past_the_width_of_the_terminal) {
  progress view{{.terminal = true, .width = 20}};
  view.update(step_started(1, "a-step-with-a-very-long-name-indeed", 100), 1);
  EXPECT_EQ(view.draw(1), "▸ a-step-with-a-ve…\n");
}

TEST(progress, makes_room_for_what_runs) {
  progress view{{.terminal = true, .width = 80, .height = 3}};
  for (int i = 0; i < 10; ++i) {
    view.update(step_started(1, "s" + std::to_string(i)), 1);
    if (i < 8)
      view.update(step_finished(1, "s" + std::to_string(i)), 1);
  }
  EXPECT_EQ(view.draw(1), "✔ 7 more\n✔ s7    0 ms\n▸ s8    0 s\n▸ s9    0 s\n");
}

TEST(progress, shows_what_an_agent_says_about_its_work) {
  progress view{{.terminal = true, .width = 80}};
  view.update(step_started(1, "write"), 1);
  view.update(task_started(1, "write", 7), 1);
  auto x = at(1);
  x.mutable_task_progress()->set_task(7);
  x.mutable_task_progress()->set_fraction(0.5);
  x.mutable_task_progress()->set_note("half\x1b[2J");
  view.update(x, 1);
  EXPECT_THAT(view.draw(1), HasSubstr("50 % half?[2J"));
}

TEST(progress, sums_up) {
  progress view;
  view.update(step_started(3'000, "late", 2), 0);
  auto end = run_finished(4'200, v1::RUN_STATE_FAILED);
  end.mutable_run_finished()->mutable_summary()->set_created_at_ms(1'000);
  end.mutable_run_finished()->mutable_summary()->set_finished_at_ms(4'200);
  end.mutable_run_finished()->set_tasks(2);
  end.mutable_run_finished()->set_retries(1);
  end.mutable_run_finished()->set_failed_tasks(1);
  view.update(end, 0);
  EXPECT_EQ(view.summary(), "failed in 3.2 s: 2 tasks, 1 retry, 1 failed");
}

TEST(progress, tells_how_long_a_run_took_of_which_it_saw_only_the_end) {
  progress view;
  auto x = run_finished(9'000, v1::RUN_STATE_SUCCEEDED);
  x.mutable_run_finished()->mutable_summary()->set_created_at_ms(8'000);
  x.mutable_run_finished()->mutable_summary()->set_finished_at_ms(8'950);
  view.update(x, 0);
  EXPECT_EQ(view.summary(), "done in 950 ms: 0 tasks");
}

TEST(progress, survives_updates_that_it_missed_the_beginning_of) {
  progress view{{.terminal = true}};
  view.update(task_ended(5, "late[3].x", 9, v1::TASK_STATUS_SUCCESS), 5);
  view.update(step_finished(5, ""), 5);
  view.update(v1::RunUpdate{}, 5);
  EXPECT_THAT(view.draw(5), HasSubstr("late"));
}

TEST(bar, is_full_at_the_end_and_never_longer) {
  EXPECT_EQ(bar(0, 0, 3), "───");
  EXPECT_EQ(bar(1, 2, 4), "━━──");
  EXPECT_EQ(bar(9, 3, 3), "━━━");
}

} // namespace troupe::cli
