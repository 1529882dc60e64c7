#pragma once

#include "messages/type_ids.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/supervision/restart_policy.hpp"
#include "troupe/v1/common.pb.h"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace troupe {

/// One child of a supervisor, as data. Never leaves the process.
struct child_spec {
  /// Unique among its siblings.
  std::string id;
  /// Spawns the child. An exception or a null handle is a failed start and counts like a crash. Whoever needs the new
  /// handle after a restart learns it from the child, which announces itself.
  std::function<caf::actor(caf::actor_system&)> start;
  restart_type restart = restart_type::permanent;
  /// How long the child may take to end after it was told to; then it is killed.
  milliseconds grace{5'000};
};

/// Adds a child behind the others, or starts one again that has ended. Local only.
struct start_child {
  child_spec spec;
};

/// Ends a child and forgets it. Local only.
struct stop_child {
  std::string id;
};

struct child_status {
  std::string id;
  bool up = false;
  uint64_t restarts = 0;
};

struct list_children {};

/// A SUPERVISOR: starts its children in order, restarts them by its strategy, stops them in reverse order, and gives up
/// (ends itself abnormally, for its own supervisor to see) when they crash too often.
using supervisor_actor = caf::typed_actor<
    // Answers when the child runs. Fails with ec::already_exists, ec::internal when it could not be started (the child
    // is forgotten then), ec::unavailable when the supervisor is ending.
    caf::replies_to<start_child>::with<caf::actor>,
    // Answers when the child is gone. Fails with ec::not_found.
    caf::replies_to<stop_child>::with<v1::Ack>, caf::replies_to<list_children>::with<std::vector<child_status>>>;

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::start_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::stop_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::list_children)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::vector<troupe::child_status>)
