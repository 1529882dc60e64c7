#include "actors/link/run_watch.hpp"

namespace troupe {

run_watcher_actor::behavior_type run_watch(run_watcher_actor::pointer self, link_ptr link, uint64_t request) {
  return {
      [self, link = std::move(link), request](const v1::RunUpdate& x) {
        auto status = send(*link, request, x, {.more = !self->mailbox().empty()});
        if (status == send_status::full)
          link->close({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the client does not read fast enough", true});
        if (status == send_status::too_large)
          send(*link, request,
               error{v1::ERROR_CODE_RESOURCE_EXHAUSTED, "an update is larger than a message may be", false}.to_proto());
        if (status != send_status::sent || x.has_run_finished())
          self->quit();
      },
  };
}

} // namespace troupe
