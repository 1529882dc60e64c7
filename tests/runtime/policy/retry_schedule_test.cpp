#include "runtime/policy/retry_schedule.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <set>

namespace troupe {
namespace {

v1::Error failure(errc code = v1::ERROR_CODE_AGENT_FAILED, bool retryable = true, uint32_t retry_after_ms = 0) {
  v1::Error out;
  out.set_code(code);
  out.set_retryable(retryable);
  out.set_retry_after_ms(retry_after_ms);
  return out;
}

retry_policy retries(uint32_t attempts, double jitter = 0) {
  retry_policy out;
  out.maximum_attempts = attempts;
  out.jitter = jitter;
  return out;
}

TEST(retry_schedule, does_not_retry_by_default) {
  retry_policy none;
  random_source random{1};
  EXPECT_EQ(retry_schedule{none}.after(1, failure(), random), std::nullopt);
}

TEST(retry_schedule, doubles_the_wait_up_to_the_maximum) {
  auto p = retries(100);
  p.maximum_interval = milliseconds{5'000};
  retry_schedule uut{p};
  random_source random{1};
  EXPECT_EQ(uut.after(1, failure(), random), milliseconds{1'000});
  EXPECT_EQ(uut.after(2, failure(), random), milliseconds{2'000});
  EXPECT_EQ(uut.after(3, failure(), random), milliseconds{4'000});
  EXPECT_EQ(uut.after(4, failure(), random), milliseconds{5'000});
  EXPECT_EQ(uut.after(99, failure(), random), milliseconds{5'000});
  EXPECT_EQ(uut.after(100, failure(), random), std::nullopt);
}

TEST(retry_schedule, waits_the_maximum_when_the_power_overflows) {
  auto p = retries(std::numeric_limits<uint32_t>::max());
  p.backoff_coefficient = 1e300;
  EXPECT_EQ(retry_schedule{p}.interval(5), p.maximum_interval);
  p.initial_interval = milliseconds{0};
  EXPECT_EQ(retry_schedule{p}.interval(5), milliseconds{0});
}

TEST(retry_schedule, ends_at_once_on_an_error_that_is_not_retryable) {
  auto p = retries(5);
  random_source random{1};
  EXPECT_EQ(retry_schedule{p}.after(1, failure(v1::ERROR_CODE_AGENT_FAILED, false), random), std::nullopt);
}

TEST(retry_schedule, ends_at_once_on_a_code_that_the_policy_excludes) {
  auto p = retries(5);
  p.non_retryable = {"invalid_output"};
  retry_schedule uut{p};
  random_source random{1};
  EXPECT_EQ(uut.after(1, failure(v1::ERROR_CODE_INVALID_OUTPUT), random), std::nullopt);
  EXPECT_NE(uut.after(1, failure(v1::ERROR_CODE_UNAVAILABLE), random), std::nullopt);
}

TEST(retry_schedule, waits_at_least_as_long_as_the_peer_asks_for) {
  auto p = retries(5);
  random_source random{1};
  EXPECT_EQ(retry_schedule{p}.after(1, failure(v1::ERROR_CODE_RESOURCE_EXHAUSTED, true, 7'000), random),
            milliseconds{7'000});
  EXPECT_EQ(retry_schedule{p}.after(1, failure(v1::ERROR_CODE_RESOURCE_EXHAUSTED, true, 70), random),
            milliseconds{1'000});
}

TEST(retry_schedule, does_not_wait_for_weeks_because_a_peer_asks_for_it) {
  auto p = retries(5);
  random_source random{1};
  EXPECT_EQ(retry_schedule{p}.after(1, failure(v1::ERROR_CODE_UNAVAILABLE, true, 0xffff'ffffu), random),
            retry_schedule::longest_retry_after);
}

TEST(retry_schedule, spreads_out_those_who_were_told_the_same_retry_after) {
  auto p = retries(5, 0.5);
  random_source random{1};
  std::set<milliseconds> waits;
  for (int i = 0; i < 10; ++i)
    waits.insert(*retry_schedule{p}.after(1, failure(v1::ERROR_CODE_UNAVAILABLE, true, 7'000), random));
  EXPECT_GE(*waits.begin(), milliseconds{7'000});
  EXPECT_GT(waits.size(), 5u);
}

TEST(retry_schedule, takes_a_random_number_only_for_a_wait) {
  auto p = retries(2);
  random_source random{1};
  random_source untouched{1};
  retry_schedule{p}.after(2, failure(), random);
  EXPECT_EQ(random.next(), untouched.next());
}

RC_GTEST_PROP(retry_schedule, stays_within_the_jittered_interval_and_repeats_for_the_same_seed, (uint64_t seed)) {
  retry_policy p;
  p.initial_interval = milliseconds{*rc::gen::inRange(0, 100'000)};
  p.maximum_interval = milliseconds{*rc::gen::inRange(0, 1'000'000)};
  p.backoff_coefficient = *rc::gen::inRange(10, 50) / 10.0;
  p.jitter = *rc::gen::inRange(0, 101) / 100.0;
  p.maximum_attempts = 1'000;
  auto attempt = *rc::gen::inRange<uint32_t>(1, 999);
  retry_schedule uut{p};
  random_source random{seed};
  random_source same{seed};
  auto wait = uut.after(attempt, failure(), random);
  RC_ASSERT(wait.has_value());
  auto full = static_cast<double>(uut.interval(attempt + 1).count());
  RC_ASSERT(static_cast<double>(wait->count()) <= full + 1);
  RC_ASSERT(static_cast<double>(wait->count()) >= full * (1 - p.jitter) - 1);
  RC_ASSERT(*wait <= p.maximum_interval);
  RC_ASSERT(uut.interval(attempt) <= uut.interval(attempt + 1));
  RC_ASSERT(uut.after(attempt, failure(), same) == wait);
}

} // namespace
} // namespace troupe
