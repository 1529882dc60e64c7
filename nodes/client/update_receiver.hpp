#pragma once

#include "messages/coordinator.hpp"
#include "nodes/client/update_queue.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace troupe {

struct update_receiver_state {
  static inline constexpr const char* name = "update-receiver";

  std::shared_ptr<update_queue> queue;
};

/// The client's end of a watched run: puts updates into the queue; ends with the run, with the coordinator (or the link
/// to it), or when it is told to.
run_watcher_actor::behavior_type update_receiver(run_watcher_actor::stateful_pointer<update_receiver_state> self,
                                                 std::shared_ptr<update_queue> queue, coordinator_actor from);

} // namespace troupe
