// Agents that do one task after the other: the quick ones are given work ahead.
#include "tests/runtime/host/host_core_fixture.hpp"

namespace troupe {
namespace {

using namespace test;

struct host_serial_test : host_core_fixture {};

TEST_F(host_serial_test, gives_a_quick_serial_agent_some_tasks_ahead) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  for (uint32_t i = 1; i < 4; ++i)
    core->submit(make_task(i), 7, now);
  EXPECT_EQ(take<run_task>().size(), 1u) << "nobody knows yet how quick it is";
  core->finished(make_result(0), now += 10);
  EXPECT_EQ(take<run_task>().size(), 3u);
}

TEST_F(host_serial_test, gives_a_slow_serial_agent_one_task_at_a_time) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  for (uint32_t i = 1; i < 4; ++i)
    core->submit(make_task(i), 7, now);
  core->take_actions();
  core->finished(make_result(0), now += 5 * ms);
  EXPECT_EQ(take<run_task>().size(), 1u);
}

TEST_F(host_serial_test, counts_the_time_of_a_task_given_ahead_from_its_turn) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  core->instance_up(take<start_instance>().at(0).instance, now);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->finished(make_result(0), now += 10);
  core->finished(make_result(1), now += 20);
  core->take_actions();
  core->finished(make_result(2), now += 30);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].result->timings().run_us(), 30u);
  EXPECT_EQ(answers[0].result->timings().queued_us(), 30u);
}

TEST_F(host_serial_test, blames_a_crash_on_the_task_whose_turn_it_was_and_gives_the_others_back) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(0), 7, now);
  auto instance = take<start_instance>().at(0).instance;
  core->instance_up(instance, now);
  core->submit(make_task(1), 7, now);
  core->submit(make_task(2), 7, now);
  core->finished(make_result(0), now += 10);
  core->take_actions();
  core->instance_down(instance, "poison", now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].result->task(), 1u);
  EXPECT_EQ(answers[0].result->error().code(), v1::ERROR_CODE_AGENT_CRASHED);
  EXPECT_EQ(answers[1].result->task(), 2u);
  EXPECT_EQ(answers[1].result->status(), v1::TASK_STATUS_REJECTED) << "safe to send again";
}

TEST_F(host_serial_test, takes_results_by_ticket_and_the_time_that_the_agent_tells) {
  core->learn(make_spec("a"), now, true);
  core->submit(make_task(1'000), 0, now);
  auto instance = take<start_instance>().at(0).instance;
  core->instance_up(instance, now);
  core->finished(take<run_task>().at(0).ticket, std::make_unique<v1::TaskResult>(make_result(0)), 2, now);
  core->take_actions();
  for (uint32_t i = 1; i <= 3; ++i)
    core->submit(make_task(i), 7, now);
  auto running = take<run_task>();
  ASSERT_EQ(running.size(), 3u) << "a quick one is given work ahead";
  now += 100;
  for (auto& x : running)
    core->finished(x.ticket, std::make_unique<v1::TaskResult>(make_result(99)), 20, now);
  auto answers = take<answer>();
  ASSERT_EQ(answers.size(), 3u);
  for (uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(answers[i].result->task(), i + 1) << "whose it is the ticket says";
    EXPECT_EQ(answers[i].result->timings().run_us(), 20u);
    EXPECT_EQ(answers[i].result->timings().queued_us(), 80u);
  }
  core->finished(running[0].ticket, std::make_unique<v1::TaskResult>(make_result(1)), 20, now);
  core->finished(uint64_t{77} << 32, std::make_unique<v1::TaskResult>(make_result(1)), 20, now);
  EXPECT_TRUE(take<answer>().empty());
  EXPECT_EQ(core->counters().late_results, 2u);
}

} // namespace
} // namespace troupe
