#include "nodes/cli/cluster_plan.hpp"

#include "nodes/cli/ready_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe::cli {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(cluster_plan, makes_a_single_process_coordinator_and_worker) {
  cluster_options options;
  options.nodes = 1;
  EXPECT_THAT(plan_coordinator(options).command, Contains("coordinator,worker"));
  options.nodes = 2;
  EXPECT_THAT(plan_coordinator(options).command, Contains("coordinator"));
}

TEST(cluster_plan, sends_workers_to_where_the_coordinator_is) {
  cluster_options options;
  options.program = "/usr/bin/troupe";
  auto plan = plan_worker(options, 2, "127.0.0.1:4711");
  EXPECT_EQ(plan.name, "w2");
  EXPECT_THAT(plan.command, ElementsAre("/usr/bin/troupe", "node", "--name", "w2", "--role", "worker", "--join",
                                        "127.0.0.1:4711", "--metrics", "127.0.0.1:0"));
}

TEST(ready_line, reads_what_it_writes) {
  ready_line line{"c1", "127.0.0.1:7400", "127.0.0.1:9400"};
  EXPECT_EQ(line.to_string(), "ready name=c1 listen=127.0.0.1:7400 metrics=127.0.0.1:9400");
  auto read = ready_line::parse(line.to_string());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "c1");
  EXPECT_EQ(read->listen, "127.0.0.1:7400");
  EXPECT_EQ(read->metrics, "127.0.0.1:9400");
}

TEST(ready_line, passes_over_words_that_it_does_not_know) {
  auto read = ready_line::parse("ready name=w1 pid=7 nonsense = x=");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "w1");
  EXPECT_EQ(read->listen, "");
}

TEST(ready_line, is_not_taken_for_another_line) {
  EXPECT_FALSE(ready_line::parse("not ready"));
  EXPECT_FALSE(ready_line::parse("ready "));
  EXPECT_FALSE(ready_line::parse(""));
}

} // namespace troupe::cli
