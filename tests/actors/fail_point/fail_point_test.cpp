#include "actors/fail_point/fail_point.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include <unistd.h>

namespace troupe {
namespace {

TEST(fail_point, is_inert_unless_armed) {
  fail_point("run.durable");
}

TEST(fail_point, kills_the_process_at_the_pass_it_was_armed_for) {
  EXPECT_EXIT(
      {
        if (!fail_points::arm("run.durable:3"))
          std::_Exit(1);
        fail_point("run.durable");
        fail_point("run.result");
        fail_point("run.durable");
        fail_point("run.result");
        fail_point("run.durable");
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(fail_point, lets_the_passes_before_it_live) {
  EXPECT_EXIT(
      {
        if (!fail_points::arm("run.durable:3"))
          std::_Exit(1);
        fail_point("run.durable");
        fail_point("run.durable");
        fail_point("run.result");
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(fail_point, dies_at_the_first_pass_when_no_number_is_given) {
  EXPECT_EXIT(
      {
        if (!fail_points::arm("run.durable"))
          std::_Exit(1);
        fail_point("run.durable");
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST(fail_point, hangs_whoever_passes_when_it_was_armed_so) {
  EXPECT_EXIT(
      {
        if (!fail_points::arm("run.durable:2:hang"))
          std::_Exit(1);
        fail_point("run.durable");
        alarm(1);
        fail_point("run.durable");
        std::_Exit(0);
      },
      testing::KilledBySignal(SIGALRM), "");
}

TEST(fail_point, refuses_what_it_cannot_read) {
  for (auto spec : {"", ":1", "a:", "a:0", "a:-1", "a:1x", "a:99999999999", ":hang", "a:x:hang", "a:1:hangs"}) {
    auto armed = fail_points::arm(spec);
    ASSERT_FALSE(armed) << spec;
    EXPECT_EQ(armed.error().code, v1::ERROR_CODE_INVALID_INPUT);
  }
}

} // namespace
} // namespace troupe
