#include "runtime/run/session.hpp"

#include "tests/runtime/run/session_events.hpp"
#include "tests/support/run_harness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace troupe {
namespace {

using test::success;
using test::tasks_of;

struct run_ahead_test : ::testing::Test {
  workflow_ptr definition;
  v1::RunSummary summary;
  v1::RunEvent submitted;

  run_ahead_test() {
    summary.set_run_id("r1");
    summary.set_epoch(1);
    summary.set_state(v1::RUN_STATE_RUNNING);
    submitted.set_at_ms(1'000);
    submitted.mutable_run_submitted()->set_run_id("r1");
  }

  void define(const std::string& steps) {
    definition = test::compile(fmt::format(R"(
workflow: ahead
agents:
  pure: {{kind: lua, script: "return 1", retry: {{maximum_attempts: 3, initial_interval: 0ms}}}}
  mail: {{kind: function, function: f}}
  count: {{kind: function, function: g, pure: true}}
steps: {})",
                                           steps));
  }

  run_session begun() {
    run_session session{definition, summary, false};
    session.allow_ahead();
    session.replay(submitted);
    return session;
  }

  static v1::RunEvent failure(const v1::Task& task) {
    auto event = success(task);
    auto* result = event.mutable_task_finished()->mutable_result();
    result->set_status(v1::TASK_STATUS_FAILED);
    result->mutable_error()->set_code(v1::ERROR_CODE_AGENT_FAILED);
    result->mutable_error()->set_retryable(true);
    return event;
  }

  static std::vector<v1::Task> ahead_of(run_session& session) {
    return tasks_of(session.take_ahead());
  }
};

TEST_F(run_ahead_test, tasks_of_pure_agents_do_not_wait_for_the_journal) {
  define("[{id: a, agent: pure}, {id: b, agent: count, needs: [a]}, {id: c, agent: pure, needs: [b]}]");
  auto session = begun();
  auto a = tasks_of(session.appended(1));
  ASSERT_TRUE(session.offer(success(a.at(0)), 2'000));
  auto append = session.take_append();
  ASSERT_EQ(append->events_size(), 1);
  auto b = ahead_of(session);
  ASSERT_EQ(b.size(), 1U);
  EXPECT_EQ(b[0].step(), "b");
  EXPECT_TRUE(ahead_of(session).empty()) << "each leaves once";
  ASSERT_TRUE(session.offer(success(b[0]), 3'000));
  EXPECT_EQ(ahead_of(session).at(0).step(), "c");
  EXPECT_TRUE(session.appended(2).empty()) << "nothing else followed from it";
  EXPECT_EQ(session.take_append()->first_seq(), 3U) << "what came meanwhile";
}

TEST_F(run_ahead_test, what_somebody_outside_may_notice_waits) {
  define("[{id: a, agent: pure}, {id: b, agent: mail, needs: [a]}]");
  auto session = begun();
  auto a = tasks_of(session.appended(1));
  session.offer(success(a.at(0)), 2'000);
  session.take_append();
  EXPECT_TRUE(session.take_ahead().empty());
  auto b = tasks_of(session.appended(2));
  ASSERT_EQ(b.size(), 1U);
  session.offer(success(b[0]), 3'000);
  session.take_append();
  EXPECT_TRUE(session.take_ahead().empty()) << "the end of the run";
  EXPECT_EQ(session.appended(3).size(), 1U);
}

TEST_F(run_ahead_test, nothing_does_where_nobody_allowed_it) {
  define("[{id: a, agent: pure}, {id: b, agent: pure, needs: [a]}]");
  run_session session{definition, summary, false};
  session.replay(submitted);
  session.offer(success(tasks_of(session.appended(1)).at(0)), 2'000);
  EXPECT_TRUE(session.take_ahead().empty());
  session.take_append();
  EXPECT_EQ(tasks_of(session.appended(2)).size(), 1U);
}

TEST_F(run_ahead_test, a_second_attempt_waits) {
  define("[{id: a, agent: pure}]");
  auto session = begun();
  session.offer(failure(tasks_of(session.appended(1)).at(0)), 2'000);
  session.fire_timers(2'000);
  EXPECT_TRUE(session.take_ahead().empty());
  session.take_append();
  auto again = tasks_of(session.appended(session.last_appended()));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt(), 2U);
}

TEST_F(run_ahead_test, aggregations_do_not_wait_whoever_the_results_are_from) {
  define("[{id: a, parallel: {agents: [mail, pure], aggregate: {strategy: merge_all}}}]");
  auto session = begun();
  for (const auto& task : tasks_of(session.appended(1)))
    session.offer(success(task), 2'000);
  auto ahead = session.take_ahead();
  ASSERT_EQ(ahead.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<start_aggregation>(ahead[0]));
}

TEST_F(run_ahead_test, waits_for_a_store_that_fails) {
  define("[{id: a, agent: pure}, {id: b, agent: pure, needs: [a]}, {id: c, agent: pure, needs: [b]}, "
         "{id: d, agent: pure, needs: [c]}]");
  auto session = begun();
  session.offer(success(tasks_of(session.appended(1)).at(0)), 2'000);
  auto b = ahead_of(session);
  session.take_append();
  session.append_failed();
  session.offer(success(b.at(0)), 3'000);
  EXPECT_TRUE(session.take_ahead().empty());
  session.take_append();
  auto c = tasks_of(session.appended(3));
  ASSERT_EQ(c.size(), 1U);
  session.offer(success(c[0]), 4'000);
  EXPECT_EQ(ahead_of(session).size(), 1U) << "it is back";
}

TEST_F(run_ahead_test, keeps_no_more_than_so_many_bytes_that_are_not_durable) {
  define("[{id: a, agent: pure}, {id: b, agent: pure, needs: [a]}, {id: c, agent: pure, needs: [b]}]");
  auto session = begun();
  auto large = '"' + std::string(run_ahead::most_bytes, 'x') + '"';
  session.offer(success(tasks_of(session.appended(1)).at(0), large), 2'000);
  EXPECT_TRUE(session.take_ahead().empty());
  session.take_append();
  auto b = tasks_of(session.appended(2));
  session.offer(success(b.at(0)), 3'000);
  EXPECT_EQ(ahead_of(session).size(), 1U) << "the large one is durable";
}

TEST_F(run_ahead_test, gets_no_more_than_so_many_tasks_ahead) {
  std::string steps = "[{id: s0, agent: pure}";
  for (int i = 1; i < 300; ++i)
    steps += fmt::format(", {{id: s{}, agent: pure, needs: [s{}]}}", i, i - 1);
  define(steps + "]");
  auto session = begun();
  auto next = tasks_of(session.appended(1));
  session.offer(success(next.at(0)), 2'000);
  auto append = session.take_append();
  uint64_t steps_ahead = 0;
  for (next = ahead_of(session); !next.empty(); next = ahead_of(session)) {
    ++steps_ahead;
    session.offer(success(next[0]), 2'000);
  }
  EXPECT_EQ(steps_ahead, run_ahead::most_tasks);
  session.appended(2);
  session.take_append();
  EXPECT_EQ(tasks_of(session.appended(session.last_appended())).size(), 1U);
}

TEST_F(run_ahead_test, of_a_wide_fan_out_only_the_first_get_ahead) {
  define("[{id: a, agent: pure}, {id: all, parallel: {each: \"$.steps.a\", agent: pure}}]");
  auto session = begun();
  json items = json::array();
  for (int i = 0; i < 1'000; ++i)
    items.push_back(i);
  session.offer(success(tasks_of(session.appended(1)).at(0), items.dump()), 2'000);
  session.take_append();
  auto ahead = ahead_of(session).size();
  EXPECT_EQ(ahead, run_ahead::most_tasks);
  EXPECT_EQ(tasks_of(session.appended(2)).size(), 1'000 - ahead);
}

TEST_F(run_ahead_test, no_two_lives_give_out_the_same_number) {
  define(
      "[{id: a, parallel: {each: \"$.input\", agent: pure}}, {id: b, parallel: {each: \"$.steps.a.aggregated_result\", "
      "agent: count}}, {id: c, agent: mail, needs: [a]}]");
  submitted.mutable_run_submitted()->set_input("[1, 2, 3]");
  std::set<std::pair<uint32_t, uint32_t>> sent;
  auto note = [&](const std::vector<v1::Task>& tasks) {
    for (const auto& x : tasks)
      EXPECT_TRUE(sent.emplace(x.task(), x.attempt()).second)
          << x.step() << " was sent as task " << x.task() << " attempt " << x.attempt() << ", like another before";
    return tasks;
  };
  std::vector<v1::RunEvent> durable{submitted};
  for (uint64_t life = 1; life <= 20; ++life) {
    summary.set_epoch(life);
    run_session session{definition, summary, false};
    session.allow_ahead();
    for (const auto& event : durable)
      session.replay(event);
    std::vector<v1::Task> at_work;
    auto more = [&](const std::vector<command>& commands) {
      for (const auto& x : note(tasks_of(commands)))
        at_work.push_back(x);
      for (const auto& x : commands)
        if (const auto* combine = std::get_if<start_aggregation>(&x)) {
          v1::Task task;
          task.set_task(combine->request->task);
          task.set_attempt(combine->request->attempt);
          task.set_epoch(combine->request->epoch);
          session.offer(success(task, "{\"aggregated_result\": [1, 2, 3, 4]}"), 2'000);
        }
    };
    if (life == 1)
      more(session.appended(1));
    else
      session.resume(2'000);
    // What the store has got when the life ends, by a number that differs from life to life.
    for (uint64_t turn = 0; turn < life * 3; ++turn) {
      more(session.take_ahead());
      if (auto append = session.take_append(); append && turn % 3 != 2) {
        durable.insert(durable.end(), append->events().begin(), append->events().end());
        more(session.appended(session.last_appended()));
      } else if (append) {
        break;
      }
      if (!at_work.empty()) {
        session.offer(success(at_work.front()), 2'000);
        at_work.erase(at_work.begin());
      }
    }
    more(session.take_ahead());
    if (session.machine().finished())
      break;
  }
  EXPECT_GT(sent.size(), 8U);
}

TEST_F(run_ahead_test, journals_of_older_versions_number_their_tasks_as_they_did) {
  define("[{id: a, agent: mail}, {id: b, agent: mail, needs: [a]}]");
  auto session = begun();
  auto a = tasks_of(session.appended(1));
  v1::RunEvent resumed;
  resumed.mutable_run_resumed()->set_epoch(2);
  session.replay(resumed);
  auto again = a.at(0);
  again.set_attempt(2);
  again.set_epoch(2);
  session.replay(success(again));
  EXPECT_EQ(session.machine().tasks(), 2U);
}

} // namespace
} // namespace troupe
