#include "actors/link/workspace_watch.hpp"

#include <caf/actor_cast.hpp>

#include <utility>

namespace troupe {

workspace_watch_actor::behavior_type
workspace_watch(workspace_watch_actor::stateful_pointer<workspace_watch_state> self, link_ptr link, uint64_t request) {
  self->set_down_handler([self, link, request](const caf::down_msg&) {
    send(*link, request, error{v1::ERROR_CODE_UNAVAILABLE, "the run changes hands: watch again", true}.to_proto());
    self->quit();
  });
  return {
      [self, link, request](const v1::WorkspaceUpdate& x) {
        if (auto from = caf::actor_cast<workspace_actor>(self->current_sender()); from && !self->state.source) {
          self->state.source = from;
          self->monitor(from);
        }
        auto status = send(*link, request, x, {.more = !self->mailbox().empty()});
        if (status == send_status::full)
          link->close({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the client does not read fast enough", true});
        if (status == send_status::too_large)
          send(*link, request,
               error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                     "the workspace is larger than a message may be: read its artifacts one by one", false}
                   .to_proto());
        if (status != send_status::sent || x.has_ended())
          self->quit();
      },
      [self](const v1::WorkspaceSeen& note) {
        if (self->state.source)
          self->send(self->state.source, note, workspace_watcher_actor{self});
      },
  };
}

} // namespace troupe
