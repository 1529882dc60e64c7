#include "runtime/core/random.hpp"
#include "tests/support/everything_workflow.hpp"
#include "tests/support/run_harness.hpp"

#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using test::run_harness;

const workflow_ptr& everything() {
  static const auto definition = test::compile(test::everything_workflow);
  return definition;
}

/// One random history. Ends at the latest after `most` events.
void play(run_harness& run, random_source& random, int most) {
  std::vector<v1::Task> open;
  for (int i = 0; i < most && !run.finished(); ++i) {
    while (auto task = run.next_task())
      open.push_back(*task);
    auto dice = random.below(100);
    if (dice < 4) {
      run.resume(run.journal.size() + 2);
    } else if (open.empty() || dice < 12) {
      if (!run.fire_next_timer() && open.empty())
        break;
    } else {
      auto i_task = random.below(open.size());
      auto task = open[i_task];
      // Now and then an answer comes twice, or late: leave it in the list.
      if (random.below(10) > 0)
        open.erase(open.begin() + static_cast<long>(i_task));
      if (dice < 55)
        run.succeed(task, 1);
      else if (dice < 80)
        run.fail(task, v1::ERROR_CODE_AGENT_FAILED, random.below(2) == 0);
      else
        run.lose(task);
    }
    run.now += static_cast<int64_t>(random.below(2'000));
  }
}

RC_GTEST_PROP(replay, gives_the_same_state_after_any_history, (uint64_t seed)) {
  random_source random{seed};
  run_harness run{everything(), {{"items", {1, 2, 3, 4, 5}}}};
  play(run, random, 200);
  auto again = run.replay();
  RC_ASSERT(again.digest() == run.machine.digest());
  RC_ASSERT(again.finished() == run.finished());
  if (run.finished())
    RC_ASSERT(again.outcome().output == run.machine.outcome().output);
}

RC_GTEST_PROP(replay, ends_every_run_once_agents_answer, (uint64_t seed)) {
  random_source random{seed};
  run_harness run{everything(), {{"items", {1, 2, 3, 4, 5}}}};
  play(run, random, static_cast<int>(random.below(60)));
  run.resume(run.journal.size() + 2);
  for (int i = 0; i < 1'000 && !run.finished(); ++i) {
    run.work([](const v1::Task&, const json&) { return json(1); });
    if (!run.finished())
      RC_ASSERT(run.fire_next_timer());
  }
  RC_ASSERT(run.finished());
  RC_ASSERT(run.machine.tasks_in_flight() == 0U);
  RC_ASSERT(run.timers.empty());
}

RC_GTEST_PROP(replay, never_counts_an_attempt_twice, (uint64_t seed)) {
  random_source random{seed};
  run_harness run{everything(), {{"items", {1, 2, 3}}}};
  play(run, random, 300);
  std::set<std::pair<uint32_t, uint32_t>> seen;
  for (const auto& event : run.journal) {
    if (event.has_task_finished()) {
      const auto& result = event.task_finished().result();
      RC_ASSERT(seen.emplace(result.task(), result.attempt()).second);
    } else if (event.has_task_lost()) {
      RC_ASSERT(seen.emplace(event.task_lost().task(), event.task_lost().attempt()).second);
    }
  }
}

} // namespace
} // namespace troupe
