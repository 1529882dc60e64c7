#include "nodes/client/update_receiver.hpp"

#include <utility>

namespace troupe {

run_watcher_actor::behavior_type update_receiver(run_watcher_actor::stateful_pointer<update_receiver_state> self,
                                                 std::shared_ptr<update_queue> queue, coordinator_actor from) {
  self->state.queue = std::move(queue);
  self->monitor(from);
  self->set_down_handler([self](const caf::down_msg&) {
    self->state.queue->close({v1::ERROR_CODE_UNAVAILABLE, "the connection to the coordinator is lost", true});
    self->quit();
  });
  return {
      [self](const v1::RunUpdate& x) {
        self->state.queue->push(x);
        if (x.has_run_finished()) {
          self->state.queue->close({v1::ERROR_CODE_NOT_FOUND, "the run has ended: no more updates", false});
          self->quit();
        }
      },
  };
}

} // namespace troupe
