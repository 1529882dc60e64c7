// Questions about workspaces: to the coordinator of a run that is here, else to the journal.
#include "actors/run/coordinator.hpp"
#include "actors/run/stored_workspace.hpp"
#include "messages/errors.hpp"

#include <utility>

namespace troupe {

template <class Answer, class... Ts>
caf::result<Answer> coordinator_state::ask_workspace(const std::string& run, const Ts&... request) {
  auto promise = self_->make_response_promise<Answer>();
  auto from_journal = [this, promise, request...]() mutable {
    auto reader = self_->spawn(stored_workspace, neighbours_.journal, config_.journal_timeout);
    promise.delegate(reader, request...);
  };
  auto active = runs_.find(run);
  if (active == runs_.end()) {
    from_journal();
    return promise;
  }
  self_->request(active->second.handle, config_.journal_timeout, request...)
      .then([promise](Answer& answer) mutable { promise.deliver(std::move(answer)); },
            [promise, from_journal](caf::error& why) mutable {
              // The team is not at work, or the run has just ended.
              if (auto code = from_caf(why).code;
                  code == v1::ERROR_CODE_NOT_FOUND || why == caf::sec::request_receiver_down)
                from_journal();
              else
                promise.deliver(std::move(why));
            });
  return promise;
}

caf::result<v1::WorkspaceView> coordinator_state::read_workspace(const v1::ReadWorkspace& request) {
  return ask_workspace<v1::WorkspaceView>(request.run_id(), request);
}

caf::result<v1::Ack> coordinator_state::watch_workspace(const v1::WatchWorkspace& request,
                                                        const workspace_watcher_actor& watcher) {
  return ask_workspace<v1::Ack>(request.run_id(), request, watcher);
}

} // namespace troupe
