#include "runtime/report/run_report.hpp"

#include "runtime/core/random.hpp"
#include "tests/runtime/report/recorder.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace troupe {
namespace {

using test::recorder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::vector<std::string> names(const std::vector<critical_report>& path) {
  std::vector<std::string> out;
  for (auto& x : path)
    out.push_back(x.step + (x.attempt > 1 ? "#" + std::to_string(x.attempt) : ""));
  return out;
}

constexpr const char* agents = "workflow: w\nagents: {a: {kind: lua, script: \"return 1\"}, "
                               "b: {kind: lua, script: \"return 1\"}}\nsteps:\n";

std::string steps(const std::string& text) {
  return agents + text;
}

TEST(run_report, adds_up_the_parts_and_says_what_running_them_together_saved) {
  recorder run{steps("  - {id: x, agent: a}\n  - {id: y, agent: a}\n  - {id: z, agent: b, needs: [x, y]}\n")};
  run.done("x", 300);
  run.done("y", 500);
  run.done("z", 200);
  auto report = run.report();
  EXPECT_EQ(report.state, "succeeded");
  EXPECT_EQ(report.total_ms, 700);
  EXPECT_EQ(report.parts_ms, 1'000);
  EXPECT_NEAR(report.speedup, 1.43, 0.01);
  EXPECT_NEAR(report.saved_percent, 30, 0.01);
  EXPECT_THAT(names(report.critical_path), ElementsAre("y", "z"));
  EXPECT_EQ(report.critical_ms, 700);
}

TEST(run_report, shows_when_each_attempt_waited_and_worked) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  auto task = run.task_at("x");
  auto sent = run.now;
  v1::TaskResult result;
  result.set_status(v1::TASK_STATUS_SUCCESS);
  result.set_node("w7");
  result.mutable_output()->set_data("1");
  result.mutable_timings()->set_dispatched_at_ms(sent + 40);
  result.mutable_timings()->set_queued_us(10'500);
  result.mutable_timings()->set_run_us(120'000);
  run.now = sent + 200;
  run.answer(task, result);
  auto report = run.report();
  ASSERT_EQ(report.attempts.size(), 1u);
  auto& x = report.attempts[0];
  EXPECT_EQ(x.step, "x");
  EXPECT_EQ(x.agent, "a");
  EXPECT_EQ(x.node, "w7");
  EXPECT_EQ(x.status, "success");
  EXPECT_EQ(x.start_ms, 0);
  EXPECT_EQ(x.end_ms, 200);
  EXPECT_EQ(x.wait_ms, 40);
  EXPECT_EQ(x.queue_ms, 10.5);
  EXPECT_EQ(x.run_ms, 120);
}

TEST(run_report, counts_no_wait_for_a_processor_as_a_part) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  auto task = run.task_at("x");
  v1::TaskResult result;
  result.set_status(v1::TASK_STATUS_SUCCESS);
  result.mutable_output()->set_data("1");
  result.mutable_timings()->set_run_us(120'000);
  result.mutable_timings()->set_work_us(30'000);
  run.now += 150;
  run.answer(task, result);
  auto report = run.report();
  EXPECT_EQ(report.attempts.at(0).run_ms, 120);
  EXPECT_EQ(report.attempts.at(0).work_ms, 30);
  EXPECT_EQ(report.parts_ms, 30);
  EXPECT_EQ(report.agents.at(0).work_ms, 30);
}

TEST(run_report, does_not_believe_a_node_that_claims_to_have_worked_longer_than_it_took) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  auto task = run.task_at("x");
  v1::TaskResult result;
  result.set_status(v1::TASK_STATUS_SUCCESS);
  result.mutable_output()->set_data("1");
  result.mutable_timings()->set_run_us(~uint64_t{0});
  result.mutable_usage()->set_usd(-5);
  run.now += 100;
  run.answer(task, result);
  auto report = run.report();
  EXPECT_EQ(report.parts_ms, 100);
  EXPECT_EQ(report.usage.usd, 0);
}

TEST(run_report, finds_the_critical_path_through_a_fan_out_to_the_slowest_branch) {
  recorder run{steps("  - {id: plan, agent: a}\n"
                     "  - id: fan\n    needs: [plan]\n    parallel: {each: \"$.input.items\", agent: b}\n"
                     "  - {id: end, agent: a, input: \"$.steps.fan\"}\n"
                     "  - {id: aside, agent: a}\n"),
               json{{"items", {"p", "q", "r"}}}};
  run.done("plan", 100);
  run.done("fan[p]", 50);
  run.done("fan[r]", 90);
  run.done("aside", 210);
  run.done("fan[q]", 400);
  run.done("end", 10);
  EXPECT_THAT(names(run.report().critical_path), ElementsAre("plan", "fan[q]", "end"));
}

TEST(run_report, follows_the_branch_that_made_room_for_the_last_one) {
  recorder run{steps("  - id: fan\n    parallel: {each: \"$.input.items\", agent: b, max_concurrent: 2}\n"),
               json{{"items", {"p", "q", "r"}}}};
  run.done("fan[p]", 50);
  run.done("fan[q]", 70);
  run.done("fan[r]", 60);
  EXPECT_THAT(names(run.report().critical_path), ElementsAre("fan[p]", "fan[r]"));
}

TEST(run_report, goes_into_nested_groups) {
  recorder run{steps("  - id: g\n    steps:\n"
                     "      - {id: x, agent: a}\n      - {id: y, agent: a}\n      - {id: z, agent: b, needs: [x]}\n"
                     "  - {id: end, agent: a, needs: [g]}\n")};
  run.done("g.y", 60);
  run.done("g.x", 100);
  run.done("g.z", 5);
  run.done("end", 10);
  auto report = run.report();
  EXPECT_THAT(names(report.critical_path), ElementsAre("g.x", "g.z", "end"));
  EXPECT_EQ(report.steps.front().step, "g");
}

TEST(run_report, counts_retries_with_their_waits_on_the_critical_path) {
  recorder run{steps("  - {id: x, agent: a, retry: {maximum_attempts: 3, initial_interval: 1s, jitter: 0}}\n")};
  run.failed("x", 100, true);
  ASSERT_TRUE(run.fire_next_timer());
  run.done("x", 200);
  auto report = run.report();
  EXPECT_EQ(report.retries, 1u);
  EXPECT_EQ(report.lost, 0u);
  EXPECT_EQ(report.tasks, 1u);
  EXPECT_EQ(report.total_ms, 1'300);
  EXPECT_EQ(report.parts_ms, 300);
  EXPECT_EQ(report.critical_ms, 300);
  EXPECT_LT(report.saved_percent, 0);
  EXPECT_THAT(names(report.critical_path), ElementsAre("x", "x#2"));
  EXPECT_EQ(report.attempts[0].status, "failed");
  EXPECT_TRUE(report.failures.empty());
}

TEST(run_report, tells_lost_attempts_from_failed_ones) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  run.now += 50;
  run.lose(run.task_at("x"));
  run.done("x", 10, "w2");
  auto report = run.report();
  EXPECT_EQ(report.lost, 1u);
  EXPECT_EQ(report.retries, 0u);
  ASSERT_EQ(report.attempts.size(), 2u);
  EXPECT_EQ(report.attempts[0].status, "lost");
  EXPECT_EQ(report.attempts[0].node, "w1");
  EXPECT_EQ(report.attempts[1].node, "w2");
}

TEST(run_report, tells_attempts_whose_coordinator_died) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  run.next_task();
  run.now += 50;
  run.resume(2);
  run.done("x", 10);
  auto report = run.report();
  EXPECT_EQ(report.superseded, 1u);
  EXPECT_EQ(report.attempts[0].status, "superseded");
  EXPECT_EQ(report.attempts[0].end_ms, 50);
}

TEST(run_report, lists_failed_branches_of_a_partial_result) {
  recorder run{steps("  - id: fan\n    parallel: {each: \"$.input.items\", agent: b}\n"), json{{"items", {"p", "q"}}}};
  run.done("fan[p]", 50);
  run.failed("fan[q]", 60);
  auto report = run.report();
  EXPECT_EQ(report.state, "partial");
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].step, "fan[q]");
  EXPECT_THAT(report.failures[0].error, HasSubstr("it did not work"));
}

TEST(run_report, names_the_cause_of_a_failed_run_and_not_what_it_brought_down) {
  recorder run{steps("  - id: g\n    steps: [{id: x, agent: a}, {id: y, agent: a}]\n")};
  run.failed("g.x", 50);
  auto report = run.report();
  EXPECT_EQ(report.state, "failed");
  ASSERT_EQ(report.failures.size(), 1u);
  EXPECT_EQ(report.failures[0].step, "g.x");
  ASSERT_EQ(report.attempts.size(), 2u);
  EXPECT_EQ(report.attempts[1].step, "g.y");
  EXPECT_EQ(report.attempts[1].status, "cancelled");
}

TEST(run_report, shows_skipped_steps_without_time) {
  recorder run{steps("  - {id: x, agent: a}\n  - {id: y, agent: a, needs: [x], when: \"steps.x == 2\"}\n")};
  run.done("x", 50);
  auto report = run.report();
  ASSERT_EQ(report.steps.size(), 2u);
  EXPECT_EQ(report.steps[1].outcome, "skipped");
  EXPECT_EQ(report.total_ms, 50);
}

TEST(run_report, puts_a_fallback_behind_what_it_stands_in_for) {
  recorder run{steps("  - {id: x, agent: a, fallback: b}\n")};
  run.failed("x", 50);
  ASSERT_EQ(run.tasks.size(), 1u);
  run.done(run.tasks.front().step(), 70);
  auto report = run.report();
  EXPECT_EQ(report.critical_path.size(), 2u);
  EXPECT_EQ(report.critical_ms, 120);
  EXPECT_EQ(report.agents.size(), 2u);
}

TEST(run_report, adds_up_cost_by_agent_and_work_by_node) {
  recorder run{steps("  - {id: x, agent: a}\n  - {id: y, agent: b}\n  - {id: z, agent: b}\n")};
  run.done("x", 100, "w1");
  run.done("y", 200, "w2");
  run.done("z", 300, "w2");
  auto report = run.report();
  ASSERT_EQ(report.agents.size(), 2u);
  EXPECT_EQ(report.agents[1].name, "b");
  EXPECT_EQ(report.agents[1].tasks, 2u);
  EXPECT_EQ(report.agents[1].work_ms, 500);
  EXPECT_EQ(report.agents[1].usage.tokens_in, 20u);
  EXPECT_EQ(report.agents[1].usage.usd, 1.0);
  EXPECT_EQ(report.usage.usd, 1.5);
  ASSERT_EQ(report.nodes.size(), 2u);
  EXPECT_EQ(report.nodes[0].work_ms, 100);
}

TEST(run_report, reports_a_run_that_goes_on) {
  recorder run{steps("  - {id: x, agent: a}\n  - {id: y, agent: a, needs: [x]}\n")};
  run.done("x", 100);
  auto report = run.report();
  EXPECT_EQ(report.state, "running");
  EXPECT_EQ(report.total_ms, 100);
  EXPECT_EQ(report.attempts.back().status, "running");
}

TEST(run_report, says_why_it_cannot_read_a_run) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  auto broken = run.details();
  broken.set_definition("{");
  auto report = make_report(broken);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST(run_report, has_a_form_for_programs) {
  recorder run{steps("  - {id: x, agent: a}\n")};
  run.done("x", 100);
  auto out = to_json(run.report());
  EXPECT_EQ(out["state"], "succeeded");
  EXPECT_EQ(out["tasks"]["total"], 1);
  EXPECT_EQ(out["timeline"][0]["run_ms"], 100);
  EXPECT_EQ(out["critical_path"][0]["step"], "x");
  EXPECT_FALSE(out.contains("error"));
}

TEST(run_report, has_a_form_for_people) {
  recorder run{steps("  - id: fan\n    parallel: {each: \"$.input.items\", agent: b}\n"),
               json{{"items", {"p", "q", "r"}}}};
  run.done("fan[p]", 1'000);
  run.done("fan[q]", 1'500);
  run.failed("fan[r]", 2'000);
  auto text = to_text(run.report(), 2);
  EXPECT_THAT(text, HasSubstr("total time     2.00 s\n"));
  EXPECT_THAT(text, HasSubstr("sum of parts   4.50 s\n"));
  EXPECT_THAT(text, HasSubstr("time saved     55.6 % (2.25 times as fast as one after the other)\n"));
  EXPECT_THAT(text, HasSubstr("cost           1.0000 USD\n"));
  EXPECT_THAT(text, HasSubstr("  fan[r]: "));
  EXPECT_THAT(text, HasSubstr("\n… and 1 more\n"));
}

TEST(run_report, compares_runs_side_by_side) {
  recorder slow{steps("  - {id: x, agent: a}\n")};
  slow.done("x", 2'000);
  recorder fast{steps("  - {id: x, agent: a}\n")};
  fast.done("x", 500);
  std::vector<run_report> both{slow.report(), fast.report()};
  both[1].run_id = "r2";
  auto text = compare_text(both);
  EXPECT_THAT(text, HasSubstr("r1"));
  EXPECT_THAT(text, HasSubstr("4.00 times as fast"));
  auto out = compare_json(both);
  EXPECT_EQ(out["comparison"]["total_ms"], json({2'000, 500}));
  EXPECT_EQ(out["runs"].size(), 2u);
  both[1].workflow = "another";
  EXPECT_THAT(compare_text(both), Not(HasSubstr("times as fast")));
}

/// Whatever happened in a run, its report adds up.
RC_GTEST_PROP(run_report, adds_up_for_any_history, (uint64_t seed)) {
  random_source random{seed};
  recorder run{steps("  - {id: plan, agent: a, retry: {maximum_attempts: 3}}\n"
                     "  - id: fan\n"
                     "    parallel:\n"
                     "      each: \"$.input.items\"\n      agent: b\n      max_concurrent: 3\n"
                     "      aggregate: {strategy: merge_all, minimum_required: 2, on_shortfall: [retry, fallback], "
                     "fallback: a}\n"
                     "  - {id: check, agent: a, input: \"$.steps.fan\", fallback: b}\n"
                     "  - id: g\n    needs: [plan]\n    retry: {maximum_attempts: 2}\n"
                     "    steps: [{id: x, agent: a}, {id: y, agent: b, needs: [x]}]\n"),
               json{{"items", {"p", "q", "r", "s", "t"}}}};
  for (int i = 0; i < 60 && !run.finished(); ++i) {
    run.now += static_cast<int64_t>(random.below(50));
    if (run.tasks.empty() && !run.fire_next_timer())
      break;
    if (run.tasks.empty())
      continue;
    auto task = run.tasks[random.below(run.tasks.size())];
    run.task_at(task.step());
    auto dice = random.below(10);
    if (dice == 0)
      run.lose(task);
    else if (dice == 1)
      run.resume(run.journal.size() + 2);
    else
      run.finish(task, static_cast<int64_t>(random.below(300)),
                 dice < 4 ? v1::TASK_STATUS_FAILED : v1::TASK_STATUS_SUCCESS, "w" + std::to_string(random.below(3)),
                 dice == 2);
  }
  auto report = run.report();
  RC_ASSERT(report.total_ms >= 0);
  double parts = 0;
  for (auto& x : report.attempts) {
    parts += x.work_ms;
    RC_ASSERT(x.work_ms <= x.run_ms);
    RC_ASSERT(x.start_ms >= 0 && x.start_ms <= x.end_ms && x.end_ms <= report.total_ms);
    RC_ASSERT(x.run_ms <= static_cast<double>(std::max<int64_t>(1, x.end_ms - x.start_ms)));
  }
  RC_ASSERT(std::abs(parts - report.parts_ms) < 1e-6);
  double by_agent = 0;
  for (auto& x : report.agents)
    by_agent += x.work_ms;
  RC_ASSERT(std::abs(parts - by_agent) < 1e-6);
  for (auto& x : report.steps)
    RC_ASSERT(x.start_ms <= x.end_ms && x.end_ms <= report.total_ms);
  // A chain: nothing on it overlaps, so it cannot be longer than the run.
  RC_ASSERT(report.critical_ms <= report.total_ms);
  for (size_t i = 1; i < report.critical_path.size(); ++i)
    RC_ASSERT(report.critical_path[i - 1].end_ms <= report.critical_path[i].start_ms);
  RC_ASSERT(!to_text(report).empty());
  RC_ASSERT(to_json(report)["timeline"].size() == report.attempts.size());
}

} // namespace
} // namespace troupe
