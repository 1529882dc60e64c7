#pragma once

#include "messages/errors.hpp"
#include "messages/type_ids.hpp"
#include "runtime/core/result.hpp"
#include "tests/support/patience.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <optional>

namespace troupe::test {

/// A real actor system, for what needs threads or processes. Whatever is waited for has a deadline.
class threaded_fixture : public ::testing::Test {
  struct config : caf::actor_system_config {
    config() {
      add_message_types<caf::id_block::troupe>();
      set("scheduler.max-threads", 2);
      set("logger.verbosity", caf::atom("quiet"));
    }
  };

  config cfg_;

public:
  static inline const std::chrono::seconds deadline = patience;

  caf::actor_system sys{cfg_};
  caf::scoped_actor self{sys};

  template <class T, class Handle, class... Ts>
  result<T> ask(const Handle& hdl, Ts... xs) {
    result<T> out = fail(v1::ERROR_CODE_TIMED_OUT, "nothing came");
    self->request(hdl, deadline, std::move(xs)...)
        .receive([&](T& x) { out = std::move(x); }, [&](caf::error& e) { out = tl::unexpected<error>(from_caf(e)); });
    return out;
  }

  /// The next message that is a `T`, when it comes in time.
  template <class T>
  std::optional<T> next() {
    std::optional<T> out;
    self->receive([&](T& x) { out = std::move(x); }, caf::after(deadline) >> [] {});
    return out;
  }

  /// Ends an actor and waits until it has.
  template <class Handle>
  void stop(const Handle& hdl) {
    self->send_exit(hdl, caf::exit_reason::user_shutdown);
    self->wait_for(hdl);
  }
};

} // namespace troupe::test
