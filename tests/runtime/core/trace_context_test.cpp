#include "runtime/core/trace_context.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(trace_context, finds_the_trace_id) {
  EXPECT_EQ(trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(trace_context, finds_none_in_what_is_no_traceparent) {
  for (auto text : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e473]-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-\n1",
       })
    EXPECT_EQ(trace_id(text), "") << text;
}

TEST(trace_context, begins_a_valid_trace_for_every_seed) {
  for (uint64_t seed = 0; seed < 1'000; ++seed) {
    random_source random{seed};
    auto one = new_traceparent(random);
    auto other = new_traceparent(random);
    EXPECT_EQ(trace_id(one).size(), 32u) << one;
    EXPECT_NE(trace_id(one), trace_id(other));
  }
}

} // namespace
} // namespace troupe
