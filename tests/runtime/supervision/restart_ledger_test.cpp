#include "runtime/supervision/restart_ledger.hpp"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

#include <vector>

namespace troupe {
namespace {

restart_limits without_jitter(size_t intensity, milliseconds period = milliseconds{1'000}) {
  return {.intensity = intensity,
          .period = period,
          .backoff = {.initial = milliseconds{10}, .factor = 2, .longest = milliseconds{35}, .jitter = 0}};
}

TEST(restart_ledger, waits_longer_from_restart_to_restart_up_to_the_longest_wait) {
  restart_ledger sut{without_jitter(10), random_source{1}};
  for (int64_t expected : {10, 20, 35, 35})
    EXPECT_EQ(sut.record(0), milliseconds{expected});
}

TEST(restart_ledger, answers_the_first_crash_at_once_where_that_is_asked_for) {
  auto limits = without_jitter(10);
  limits.backoff.first_at_once = true;
  restart_ledger sut{limits, random_source{1}};
  for (int64_t expected : {0, 10, 20, 35})
    EXPECT_EQ(sut.record(0), milliseconds{expected});
  EXPECT_EQ(sut.record(9'000), milliseconds{0});
}

TEST(restart_ledger, gives_up_at_one_restart_more_than_the_intensity) {
  restart_ledger sut{without_jitter(2), random_source{1}};
  EXPECT_TRUE(sut.record(0));
  EXPECT_TRUE(sut.record(500));
  EXPECT_FALSE(sut.record(1'000));
}

TEST(restart_ledger, forgets_restarts_that_are_older_than_the_period) {
  restart_ledger sut{without_jitter(2), random_source{1}};
  EXPECT_TRUE(sut.record(0));
  EXPECT_TRUE(sut.record(500));
  EXPECT_EQ(sut.record(1'001), milliseconds{20});
  EXPECT_EQ(sut.record(9'000), milliseconds{10});
}

TEST(restart_ledger, gives_up_at_the_first_crash_when_the_intensity_is_zero) {
  restart_ledger sut{without_jitter(0), random_source{1}};
  EXPECT_FALSE(sut.record(0));
}

RC_GTEST_PROP(restart_ledger_law, allows_no_more_than_the_intensity_within_any_period, ()) {
  auto intensity = *rc::gen::inRange<size_t>(0, 6);
  auto period = *rc::gen::inRange<int64_t>(1, 100);
  restart_ledger sut{without_jitter(intensity, milliseconds{period}), random_source{1}};
  std::vector<int64_t> allowed;
  int64_t now = 0;
  for (auto step : *rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(0, 50))) {
    now += step;
    if (sut.record(now))
      allowed.push_back(now);
  }
  for (size_t i = 0; i + intensity < allowed.size(); ++i)
    RC_ASSERT(allowed[i + intensity] - allowed[i] > period);
}

RC_GTEST_PROP(restart_ledger_law, leaves_out_no_more_than_the_jitter, (uint64_t seed)) {
  auto limits = without_jitter(100);
  auto jitter = *rc::gen::inRange(0, 101);
  limits.backoff.jitter = jitter / 100.0;
  restart_ledger exact{without_jitter(100), random_source{1}};
  restart_ledger sut{limits, random_source{seed}};
  for (int i = 0; i < 10; ++i) {
    auto full = exact.record(0)->count();
    auto wait = sut.record(0)->count();
    RC_ASSERT(wait <= full);
    RC_ASSERT(wait >= full * (100 - jitter) / 100 - 1);
  }
}

} // namespace
} // namespace troupe
