#include "actors/scheduler/lazy_clock.hpp"

#include "actors/scheduler/hand_over.hpp"

#include "tests/support/patience.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace troupe {
namespace {

using std::chrono::milliseconds;

using test::patience;

struct lazy_clock_test : ::testing::Test {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.max-threads", size_t{2});
      use_hand_over_scheduler(*this);
    }
  };

  config settings;
  caf::actor_system system{settings};
  lazy_clock& clock = dynamic_cast<lazy_clock&>(system.clock());

  /// An actor that has ended tells those who wait for that before it tells the clock.
  bool clock_is_empty_soon() const {
    for (auto end = std::chrono::steady_clock::now() + patience; clock.size() > 0; std::this_thread::yield())
      if (std::chrono::steady_clock::now() > end)
        return false;
    return true;
  }
};

TEST_F(lazy_clock_test, brings_delayed_messages_in_the_order_in_which_they_are_due) {
  caf::scoped_actor self{system};
  std::vector<int> got;
  auto to = caf::actor_cast<caf::actor>(self);
  caf::delayed_anon_send(to, milliseconds{30}, 3);
  caf::delayed_anon_send(to, milliseconds{1}, 1);
  caf::delayed_anon_send(to, milliseconds{15}, 2);
  while (got.size() < 3)
    self->receive([&](int x) { got.push_back(x); }, caf::after(patience) >> [&] { got.assign(3, -1); });
  EXPECT_EQ(got, (std::vector<int>{1, 2, 3}));
}

TEST_F(lazy_clock_test, ends_requests_that_are_not_answered_and_no_others) {
  auto silent = system.spawn([](caf::event_based_actor* me) -> caf::behavior {
    me->set_default_handler(caf::skip);
    return {[](const std::string&) {}};
  });
  auto quick = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
  caf::scoped_actor self{system};
  auto asker = system.spawn([=, to = caf::actor_cast<caf::actor>(self)](caf::event_based_actor* me) -> caf::behavior {
    me->request(silent, milliseconds{20}, 1)
        .then([](int) {},
              [=](const caf::error& why) {
                caf::anon_send(to, why == caf::sec::request_timeout ? std::string{"late"} : std::string{"wrong"});
              });
    for (int i = 0; i < 1'000; ++i)
      me->request(quick, patience, i)
          .then([=](int x) { caf::anon_send(to, x); }, [=](const caf::error&) { caf::anon_send(to, -1); });
    return {[](caf::ok_atom) {}};
  });
  int answers = 0;
  bool late = false;
  bool in_time = true;
  while (in_time && (answers < 1'000 || !late))
    self->receive([&](int x) { answers += x >= 0 ? 1 : 0; }, [&](const std::string& x) { late = x == "late"; },
                  caf::after(patience) >> [&] { in_time = false; });
  EXPECT_EQ(answers, 1'000);
  EXPECT_TRUE(late);
  for (auto& x : {silent, quick, asker})
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
}

TEST_F(lazy_clock_test, keeps_few_limits_of_requests_that_were_answered_and_all_of_those_that_were_not) {
  constexpr int rounds = 5'000;
  constexpr int open = 500;
  auto silent = system.spawn([](caf::event_based_actor* me) -> caf::behavior {
    me->set_default_handler(caf::skip);
    return {[](const std::string&) {}};
  });
  auto quick = system.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int x) { return x; }}; });
  caf::scoped_actor self{system};
  auto to = caf::actor_cast<caf::actor>(self);
  auto asker = system.spawn([=](caf::event_based_actor* me) -> caf::behavior {
    for (int i = 0; i < open; ++i)
      me->request(silent, std::chrono::minutes{60}, i).then([](int) {}, [](const caf::error&) {});
    return {[=](int left) {
      me->request(quick, std::chrono::minutes{60}, left)
          .then([=](int x) { x > 0 ? me->send(me, x - 1) : caf::anon_send(to, 0); }, [](const caf::error&) {});
    }};
  });
  caf::anon_send(asker, rounds);
  auto done = false;
  self->receive([&](int) { done = true; }, caf::after(patience) >> [] {});
  EXPECT_TRUE(done);
  EXPECT_GE(clock.size(), open);
  EXPECT_LE(clock.size(), 2 * open + 3 * lazy_clock::most_unchecked);
  for (auto& x : {silent, quick, asker})
    caf::anon_send_exit(x, caf::exit_reason::user_shutdown);
  self->wait_for(silent, quick, asker);
  EXPECT_TRUE(clock_is_empty_soon());
}

TEST_F(lazy_clock_test, drops_delayed_messages_with_the_actor_that_they_are_for) {
  caf::scoped_actor self{system};
  auto sleeper = system.spawn([](caf::event_based_actor* me) -> caf::behavior {
    for (int i = 0; i < 10; ++i)
      me->delayed_send(me, std::chrono::minutes{60}, i);
    return {[](int) {}, [](caf::ok_atom) { return 1; }};
  });
  auto is_up = false;
  self->request(sleeper, caf::infinite, caf::ok_atom::value)
      .receive([&](int) { is_up = true; }, [](const caf::error&) {});
  EXPECT_TRUE(is_up);
  EXPECT_GE(clock.size(), 10u);
  caf::anon_send_exit(sleeper, caf::exit_reason::user_shutdown);
  self->wait_for(sleeper);
  EXPECT_TRUE(clock_is_empty_soon());
}

TEST_F(lazy_clock_test, lets_a_system_end_with_messages_that_are_not_due) {
  caf::scoped_actor self{system};
  caf::delayed_anon_send(caf::actor_cast<caf::actor>(self), std::chrono::seconds{3600}, 1);
  SUCCEED();
}

} // namespace
} // namespace troupe
