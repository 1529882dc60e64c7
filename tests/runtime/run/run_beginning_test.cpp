#include "runtime/run/run_beginning.hpp"

#include "runtime/run/machine.hpp"
#include "tests/support/run_harness.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

struct run_beginning_test : ::testing::Test {
  workflow_ptr definition = test::compile(R"(
workflow: wide
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: x, agent: w}
  - {id: all, needs: [x], parallel: {each: "$.input.items", agent: w}}
)");
  run_machine live{definition, true};
  std::vector<v1::RunEvent> events;
  std::vector<v1::RunUpdate> told;
  std::vector<task_ptr> open;

  void step(v1::RunEvent event) {
    std::vector<command> commands;
    live.step(event, commands);
    for (auto& x : commands) {
      if (auto* update = std::get_if<publish_update>(&x))
        told.push_back(update->update);
      else if (auto* start = std::get_if<start_task>(&x))
        open.push_back(start->task);
    }
    events.push_back(std::move(event));
  }

  void submit(int items) {
    v1::RunEvent event;
    event.set_at_ms(1'000);
    event.mutable_run_submitted()->set_run_id("r");
    auto input = json{{"items", json::array()}};
    for (int i = 0; i < items; ++i)
      input["items"].push_back(i);
    event.mutable_run_submitted()->set_input(input.dump());
    step(std::move(event));
  }

  void answer() {
    auto task = open.back();
    open.pop_back();
    v1::RunEvent event;
    event.set_at_ms(1'100);
    auto& result = *event.mutable_task_finished()->mutable_result();
    result.set_task(task->task());
    result.set_attempt(task->attempt());
    result.set_epoch(task->epoch());
    result.set_status(v1::TASK_STATUS_SUCCESS);
    result.mutable_output()->set_data("1");
    step(std::move(event));
  }

  run_beginning kept(run_beginning::limits most = {}) {
    run_beginning out{most};
    for (const auto& event : events)
      out.add(event);
    return out;
  }
};

TEST_F(run_beginning_test, tells_late_watchers_what_early_ones_heard) {
  submit(3);
  answer();
  answer();
  auto updates = kept().updates(definition, events.size());
  ASSERT_TRUE(updates);
  ASSERT_EQ(updates->size(), told.size());
  for (size_t i = 0; i < told.size(); ++i) {
    EXPECT_EQ((*updates)[i].seq(), i + 1);
    (*updates)[i].clear_seq();
    EXPECT_EQ((*updates)[i].SerializeAsString(), told[i].SerializeAsString());
  }
}

TEST_F(run_beginning_test, tells_no_more_than_was_asked_for) {
  submit(3);
  auto before = told.size();
  answer();
  auto all = kept();
  EXPECT_EQ(all.updates(definition, 1)->size(), before);
  EXPECT_EQ(all.updates(definition, 0)->size(), 0u);
  EXPECT_FALSE(all.updates(definition, 3)) << "what it has not got, it cannot tell";
}

TEST_F(run_beginning_test, gives_up_where_there_is_too_much) {
  submit(20);
  answer();
  EXPECT_FALSE(kept({.events = 1}).updates(definition, 2));
  EXPECT_FALSE(kept({.bytes = 10}).updates(definition, 2));
  EXPECT_FALSE(kept({.updates = 5}).updates(definition, 2));
  EXPECT_TRUE(kept().updates(definition, 2));
}

TEST_F(run_beginning_test, does_not_pretend_to_know_what_another_life_did) {
  submit(1);
  run_beginning out{run_beginning::limits{}};
  out.give_up();
  out.add(events.front());
  EXPECT_FALSE(out.updates(definition, 1));
}

} // namespace
} // namespace troupe
