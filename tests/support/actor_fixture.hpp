#pragma once

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"
#include "runtime/core/clock.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

namespace caf {

/// Lets GoogleTest print what went wrong instead of raw bytes.
inline void PrintTo(const error& x, std::ostream* out) {
  *out << to_string(x);
}

} // namespace caf

namespace troupe::test {

/// The time of the actor system under test: what `advance` moves, the core sees too.
class fixture_clock : public clock {
public:
  explicit fixture_clock(caf::scheduler::test_coordinator& sched) : sched_{sched} {}

  int64_t wall_ms() const override {
    return 1'700'000'000'000 + steady_ms();
  }

  int64_t steady_ms() const override {
    return std::chrono::duration_cast<milliseconds>(sched_.clock().now().time_since_epoch()).count();
  }

private:
  caf::scheduler::test_coordinator& sched_;
};

/// Runs actors on the test's own thread, one message at a time, under a clock that moves only when the test says so.
class actor_fixture : public ::testing::Test {
  struct system_config : caf::actor_system_config {
    system_config() {
      add_message_types<caf::id_block::troupe>();
      set("scheduler.policy", caf::atom("testing"));
      set("logger.verbosity", caf::atom("quiet"));
    }
  };

  system_config cfg_;

public:
  caf::actor_system sys{cfg_};
  caf::scoped_actor self{sys, true};
  caf::scheduler::test_coordinator& sched = dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  std::shared_ptr<fixture_clock> time = std::make_shared<fixture_clock>(sched);

  /// Delivers messages until no mailbox holds one; returns how many. Never fires timers, so an actor that ticks forever
  /// cannot hang a test.
  size_t run() {
    size_t delivered = 0;
    while (sched.try_run_once())
      ++delivered;
    return delivered;
  }

  /// Moves the clock by `dt`, from one due timer to the next, and delivers what each of them sent before the next
  /// fires.
  void advance(caf::timespan dt) {
    auto& timers = sched.clock();
    auto end = timers.now() + dt;
    while (!timers.schedule().empty() && timers.schedule().begin()->first <= end) {
      auto due = timers.schedule().begin()->first;
      timers.advance_time(due > timers.now() ? due - timers.now() : caf::timespan{0});
      run();
    }
    timers.advance_time(end - timers.now());
    run();
  }

  /// Sends a request, runs the system and returns the reply as a value; a reply that did not come is
  /// caf::sec::request_timeout.
  template <class T, class Handle, class... Ts>
  caf::expected<T> ask(const Handle& hdl, Ts... xs) {
    auto request = self->request(hdl, caf::infinite, std::move(xs)...);
    return reply<T>(request);
  }

  /// Runs the system and returns the reply to a request that was made before, so that several can be on their way.
  template <class T, class Request>
  caf::expected<T> reply(Request& request) {
    run();
    if (!self->has_next_message())
      return caf::make_error(caf::sec::request_timeout);
    caf::expected<T> result{caf::make_error(caf::sec::runtime_error)};
    auto on_error = [&](caf::error& err) { result = std::move(err); };
    if constexpr (std::is_void_v<T>)
      request.receive([&] { result = caf::expected<void>{}; }, on_error);
    else
      request.receive([&](T& x) { result = std::move(x); }, on_error);
    return result;
  }

  /// Delivers exactly one message, the first of the mailbox of `dst`, if that is a `T` from `src`; otherwise none.
  template <class T, class Src, class Dst>
  std::optional<T> deliver(const Src& src, const Dst& dst) {
    if (!sched.prioritize(dst))
      return std::nullopt;
    auto* mail = caf::actor_cast<caf::abstract_actor*>(dst)->peek_at_next_mailbox_element();
    if (!mail || mail->sender != caf::actor_cast<caf::strong_actor_ptr>(src)
        || !mail->content().template match_elements<T>())
      return std::nullopt;
    auto result = mail->content().template get_as<T>(0);
    sched.run_once();
    return result;
  }

  /// Ends actors, so that the system's destructor does not wait for them.
  template <class... Handles>
  void stop(const Handles&... handles) {
    (self->send_exit(handles, caf::exit_reason::user_shutdown), ...);
    run();
  }
};

} // namespace troupe::test
