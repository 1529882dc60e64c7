#include "actors/scheduler/hand_over.hpp"

#include "tests/support/patience.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <vector>

namespace troupe {
namespace {

using test::patience;

struct config : caf::actor_system_config {
  explicit config(size_t threads) {
    set("scheduler.max-threads", threads);
    use_hand_over_scheduler(*this);
  }
};

struct hand_over_test : ::testing::TestWithParam<size_t> {
  config settings{GetParam()};
  caf::actor_system system{settings};
};

/// Counts down between two actors; tells when it reaches zero.
caf::behavior player(caf::event_based_actor* self, std::shared_ptr<std::promise<void>> done) {
  return {
      [self, done](int left, const caf::actor& other) {
        if (left == 0)
          done->set_value();
        else
          self->send(other, left - 1, caf::actor{self});
      },
  };
}

TEST_P(hand_over_test, carries_a_message_to_and_fro) {
  auto done = std::make_shared<std::promise<void>>();
  auto a = system.spawn(player, done);
  auto b = system.spawn(player, done);
  caf::anon_send(a, 10'000, b);
  EXPECT_EQ(done->get_future().wait_for(patience), std::future_status::ready);
  caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(b, caf::exit_reason::user_shutdown);
}

TEST_P(hand_over_test, serves_thousands_of_actors_at_once) {
  constexpr int actors = 5'000;
  caf::scoped_actor self{system};
  for (int i = 0; i < actors; ++i) {
    auto one = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
    self->send(one, i);
    self->send_exit(one, caf::exit_reason::user_shutdown);
  }
  int64_t sum = 0;
  int answers = 0;
  self->receive_while([&] { return answers < actors; })(
      [&](int x) {
        sum += x;
        ++answers;
      },
      caf::after(patience) >> [&] { answers = actors; });
  EXPECT_EQ(sum, int64_t{actors} * (actors - 1) / 2);
}

TEST_P(hand_over_test, lets_no_pair_of_busy_actors_starve_the_others) {
  auto never = std::make_shared<std::promise<void>>();
  std::vector<caf::actor> pairs;
  for (size_t i = 0; i < 2 * GetParam(); ++i)
    pairs.push_back(system.spawn(player, never));
  for (size_t i = 0; i + 1 < pairs.size(); i += 2)
    caf::anon_send(pairs[i], 2'000'000'000, pairs[i + 1]);
  caf::scoped_actor self{system};
  auto other = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x + 1; }}; });
  bool answered = false;
  self->request(other, patience, 1).receive([&](int) { answered = true; }, [](const caf::error&) {});
  EXPECT_TRUE(answered);
  pairs.push_back(other);
  for (auto& x : pairs)
    caf::anon_send_exit(x, caf::exit_reason::kill);
}

INSTANTIATE_TEST_SUITE_P(threads, hand_over_test, ::testing::Values(1, 2, 4));

TEST(hand_over, runs_what_a_handler_sent_although_the_handler_does_not_end) {
  config settings{2};
  caf::actor_system system{settings};
  auto arrived = std::make_shared<std::promise<void>>();
  auto in_time = std::make_shared<std::promise<bool>>();
  auto receiver = system.spawn(
      [arrived](caf::event_based_actor*) -> caf::behavior { return {[arrived](int) { arrived->set_value(); }}; });
  auto sender = system.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    return {[=](int x) {
      self->send(receiver, x);
      in_time->set_value(arrived->get_future().wait_for(patience) == std::future_status::ready);
    }};
  });
  caf::anon_send(sender, 1);
  EXPECT_TRUE(in_time->get_future().get());
  caf::anon_send_exit(sender, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(receiver, caf::exit_reason::user_shutdown);
}

} // namespace
} // namespace troupe
