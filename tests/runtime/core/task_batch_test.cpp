#include "runtime/core/task_batch.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

v1::TaskBatch sample() {
  v1::TaskBatch out;
  out.add_agents()->set_name("a");
  for (uint32_t i = 0; i < 3; ++i) {
    auto& task = *out.add_tasks();
    task.set_run_id("01h2xcejqtf2nbrexx3vqjhp41");
    task.set_task(i);
    task.mutable_input()->set_data(std::string(100, 'x'));
  }
  return out;
}

TEST(task_batch, takes_over_what_came_over_a_link_and_gives_it_to_another_one) {
  task_batch batch{sample()};
  ASSERT_EQ(batch.tasks.size(), 3u);
  ASSERT_EQ(batch.agents.size(), 1u);
  EXPECT_EQ(batch.tasks[2]->task(), 2u);
  EXPECT_EQ(wire_batch{batch}.message().SerializeAsString(), sample().SerializeAsString());
  // The message was a view: the tasks are still there.
  EXPECT_EQ(wire_batch{batch}.message().SerializeAsString(), sample().SerializeAsString());
  EXPECT_EQ(batch.tasks[0].use_count(), 1);
}

TEST(task_batch, knows_labels_as_the_map_that_they_once_were) {
  // field 13, entry {1: "zone", 2: "eu"}
  v1::Task task;
  ASSERT_TRUE(task.ParseFromString("\x6a\x0a\x0a\x04zone\x12\x02"
                                   "eu"));
  ASSERT_EQ(task.placement_size(), 1);
  EXPECT_EQ(task.placement(0).key(), "zone");
  EXPECT_EQ(task.placement(0).value(), "eu");
}

TEST(task_batch, moves_results_from_one_batch_to_another) {
  v1::ResultBatch from;
  from.add_results()->set_task(1);
  from.add_results()->set_task(2);
  const auto* first = &from.results(0);
  v1::ResultBatch to;
  for (auto& x : take_results(from))
    add_result(to, std::move(x));
  EXPECT_EQ(from.results_size(), 0);
  ASSERT_EQ(to.results_size(), 2);
  EXPECT_EQ(&to.results(0), first);
  EXPECT_EQ(to.results(1).task(), 2u);
  EXPECT_TRUE(take_results(from).empty());
}

} // namespace
} // namespace troupe
