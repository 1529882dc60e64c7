#pragma once

#include "messages/type_ids.hpp"
#include "tests/support/patience.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include <gtest/gtest.h>

namespace troupe::test {

/// Actors on real threads, for tests with real sockets and processes. Each wait is bounded by `test::patience`.
class real_actors : public ::testing::Test {
  struct system_config : caf::actor_system_config {
    system_config() {
      add_message_types<caf::id_block::troupe>();
      set("scheduler.max-threads", 2);
      set("logger.verbosity", caf::atom("quiet"));
    }
  };

  system_config cfg_;

public:
  caf::actor_system sys{cfg_};
  caf::scoped_actor self{sys, true};
};

} // namespace troupe::test
