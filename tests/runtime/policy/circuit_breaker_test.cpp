#include "runtime/policy/circuit_breaker.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <vector>

namespace troupe {
namespace {

using state = circuit_breaker::state;

breaker_policy breaker_with(uint32_t window, double ratio = 0.5, int64_t open_for_ms = 1'000) {
  return {ratio, window, milliseconds{open_for_ms}};
}

void call(circuit_breaker& uut, bool success, int64_t now) {
  auto permit = uut.try_acquire(now);
  ASSERT_TRUE(permit);
  uut.record(*permit, success, now);
}

circuit_breaker opened_at(int64_t now, uint32_t window = 2) {
  circuit_breaker uut{breaker_with(window)};
  for (uint32_t i = 0; i < window; ++i)
    call(uut, false, now);
  EXPECT_EQ(uut.current(now), state::open);
  return uut;
}

TEST(circuit_breaker, decides_nothing_before_the_window_is_full) {
  circuit_breaker uut{breaker_with(4)};
  for (int i = 0; i < 3; ++i)
    call(uut, false, 0);
  EXPECT_EQ(uut.current(0), state::closed);
  call(uut, true, 0);
  EXPECT_EQ(uut.current(0), state::open);
}

TEST(circuit_breaker, opens_when_the_ratio_is_reached_and_not_below) {
  circuit_breaker uut{breaker_with(4)};
  for (auto ok : {true, true, true, false})
    call(uut, ok, 0);
  EXPECT_EQ(uut.current(0), state::closed);
  call(uut, false, 0);
  EXPECT_EQ(uut.current(0), state::open);
}

TEST(circuit_breaker, forgets_what_has_left_the_window) {
  circuit_breaker uut{breaker_with(4)};
  for (auto ok : {false, true, true, true, true, true, false})
    call(uut, ok, 0);
  EXPECT_EQ(uut.current(0), state::closed);
}

TEST(circuit_breaker, never_opens_without_a_failure) {
  circuit_breaker uut{breaker_with(2, 0.0)};
  for (int i = 0; i < 10; ++i)
    call(uut, true, 0);
  EXPECT_EQ(uut.current(0), state::closed);
}

TEST(circuit_breaker, says_when_to_come_back_while_it_is_open) {
  auto uut = opened_at(100);
  EXPECT_FALSE(uut.try_acquire(1'099));
  EXPECT_EQ(uut.retry_after(400), milliseconds{700});
  EXPECT_EQ(uut.retry_after(1'100), milliseconds{0});
}

TEST(circuit_breaker, lets_one_trial_through_after_open_for) {
  auto uut = opened_at(0);
  EXPECT_EQ(uut.current(1'000), state::half_open);
  auto trial = uut.try_acquire(1'000);
  ASSERT_TRUE(trial);
  EXPECT_FALSE(uut.try_acquire(1'000));
  EXPECT_EQ(uut.retry_after(1'000), milliseconds{1'000});
  uut.record(*trial, true, 1'500);
  EXPECT_EQ(uut.current(1'500), state::closed);
  EXPECT_TRUE(uut.try_acquire(1'500));
}

TEST(circuit_breaker, opens_again_when_the_trial_fails) {
  auto uut = opened_at(0);
  auto trial = uut.try_acquire(1'000);
  ASSERT_TRUE(trial);
  uut.record(*trial, false, 1'500);
  EXPECT_EQ(uut.current(2'499), state::open);
  EXPECT_EQ(uut.current(2'500), state::half_open);
}

TEST(circuit_breaker, gives_an_abandoned_trial_to_the_next_one) {
  auto uut = opened_at(0);
  auto trial = uut.try_acquire(1'000);
  ASSERT_TRUE(trial);
  uut.abandon(*trial);
  EXPECT_TRUE(uut.try_acquire(1'000));
}

TEST(circuit_breaker, ignores_results_of_calls_from_before_it_opened) {
  circuit_breaker uut{breaker_with(2)};
  auto old = uut.try_acquire(0);
  ASSERT_TRUE(old);
  call(uut, false, 0);
  call(uut, false, 0);
  ASSERT_EQ(uut.current(0), state::open);
  auto trial = uut.try_acquire(1'000);
  ASSERT_TRUE(trial);
  uut.record(*old, true, 1'001);
  EXPECT_EQ(uut.current(1'001), state::half_open);
  uut.abandon(*old);
  EXPECT_FALSE(uut.try_acquire(1'001));
}

TEST(circuit_breaker, starts_with_an_empty_window_after_the_trial) {
  auto uut = opened_at(0);
  call(uut, true, 1'000);
  call(uut, false, 1'000);
  EXPECT_EQ(uut.current(1'000), state::closed);
}

TEST(circuit_breaker, is_off_with_a_window_of_zero) {
  circuit_breaker uut{breaker_with(0)};
  for (int i = 0; i < 100; ++i)
    call(uut, false, 0);
  EXPECT_EQ(uut.current(0), state::closed);
}

TEST(circuit_breaker, cuts_a_window_that_is_too_large) {
  circuit_breaker uut{breaker_with(0xffff'ffffu)};
  EXPECT_EQ(uut.policy().window, circuit_breaker::largest_window);
}

/// The same rules written down once more, naively: a list of results and three flags.
struct model {
  breaker_policy policy;
  state current = state::closed;
  int64_t opened_at = 0;
  bool trial_out = false;
  std::deque<bool> last = {};

  bool acquire(int64_t now) {
    if (current == state::open && now >= opened_at + policy.open_for.count()) {
      current = state::half_open;
      trial_out = false;
    }
    if (current == state::open || (current == state::half_open && trial_out))
      return false;
    trial_out = current == state::half_open;
    return true;
  }

  void record(bool success, int64_t now) {
    if (current == state::half_open) {
      last.clear();
      current = success ? state::closed : state::open;
      opened_at = now;
      return;
    }
    last.push_back(success);
    if (last.size() > policy.window)
      last.pop_front();
    auto failed = static_cast<double>(std::count(last.begin(), last.end(), false));
    if (failed > 0 && last.size() == policy.window && failed >= policy.failure_ratio * policy.window) {
      last.clear();
      current = state::open;
      opened_at = now;
    }
  }
};

RC_GTEST_PROP(circuit_breaker, behaves_like_its_model, ()) {
  auto p = breaker_with(*rc::gen::inRange<uint32_t>(1, 6), *rc::gen::inRange(0, 11) / 10.0, 50);
  circuit_breaker uut{p};
  model expected{p};
  struct out_call {
    circuit_breaker::permit permit;
    // The model's own idea of whether the call still counts: the number of changes of state when it began.
    uint64_t epoch;
  };
  std::vector<out_call> out;
  uint64_t epoch = 0;
  int64_t now = 0;
  auto moves = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1'000));
  for (auto move : moves) {
    auto before = expected.current;
    auto pick = static_cast<size_t>(move / 10);
    switch (move % 5) {
    case 0:
      now += move % 40;
      break;
    case 1:
    case 2: {
      auto permit = uut.try_acquire(now);
      auto allowed = expected.acquire(now);
      RC_ASSERT(permit.has_value() == allowed);
      if (expected.current != before)
        before = expected.current, ++epoch;
      if (permit)
        out.push_back({*permit, epoch});
      break;
    }
    default: {
      if (out.empty())
        break;
      auto index = pick % out.size();
      auto done = out[index];
      out.erase(out.begin() + static_cast<std::ptrdiff_t>(index));
      if (move % 7 == 0) {
        uut.abandon(done.permit);
        if (done.epoch == epoch)
          expected.trial_out = false;
      } else {
        auto success = move % 3 == 0;
        uut.record(done.permit, success, now);
        if (done.epoch == epoch)
          expected.record(success, now);
        if (expected.current != before)
          ++epoch;
      }
      break;
    }
    }
    RC_ASSERT(uut.allows(now) == model{expected}.acquire(now));
    RC_ASSERT((uut.retry_after(now).count() == 0) == uut.allows(now));
  }
}

} // namespace
} // namespace troupe
