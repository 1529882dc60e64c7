#include "runtime/core/log_subject.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

constexpr auto traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(log_subject, stands_in_brackets_in_front_of_the_words) {
  EXPECT_EQ(about("r1", ""), "[run=r1]");
  EXPECT_EQ(about("r1", traceparent), "[run=r1 trace_id=4bf92f3577b34da6a3ce929d0e0e4736]");
  v1::Task task;
  task.set_run_id("r1");
  task.set_task(3);
  task.set_attempt(2);
  task.set_traceparent(traceparent);
  EXPECT_EQ(about(task), "[run=r1 task=3 attempt=2 trace_id=4bf92f3577b34da6a3ce929d0e0e4736]");
}

TEST(log_subject, becomes_members_of_a_json_line) {
  EXPECT_EQ(split_subject(about("r1", 3, 2, traceparent) + " agent \"w\" failed"),
            (json{{"run", "r1"},
                  {"task", 3},
                  {"attempt", 2},
                  {"trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"},
                  {"message", "agent \"w\" failed"}}));
}

TEST(log_subject, is_missing_where_a_line_is_about_no_run) {
  EXPECT_EQ(split_subject("node w1 joined"), (json{{"message", "node w1 joined"}}));
  EXPECT_EQ(split_subject("agent says: [run=r1] hello"), (json{{"message", "agent says: [run=r1] hello"}}));
  EXPECT_EQ(split_subject("[run=r1"), (json{{"message", "[run=r1"}}));
  EXPECT_EQ(split_subject(""), (json{{"message", ""}}));
}

RC_GTEST_PROP(log_subject, cannot_be_forged_by_an_id, (const std::string& run, uint32_t task, uint32_t attempt)) {
  auto members = split_subject(about(run, task, attempt, run) + " words");
  RC_ASSERT(members["message"] == "words");
  RC_ASSERT(members["task"] == task);
  RC_ASSERT(members["attempt"] == attempt);
  RC_ASSERT(members.size() == 4u);
}

RC_GTEST_PROP(log_subject, takes_any_line, (const std::string& line)) {
  RC_ASSERT(split_subject(line).contains("message"));
  RC_ASSERT(split_subject("[run=" + line).contains("message"));
}

} // namespace
} // namespace troupe
