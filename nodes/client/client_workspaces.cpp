// What clients see of the workspaces of teams.
#include "nodes/client/client_impl.hpp"
#include "nodes/client/follow.hpp"
#include "nodes/client/update_queue.hpp"

#include <optional>
#include <utility>

namespace troupe {

namespace {

/// A workspace sends no more than a few ahead of what we acknowledge.
constexpr size_t most_waiting = 1'024;

} // namespace

struct workspace_updates::impl {
  /// The connection that the updates come over.
  std::shared_ptr<link_client> link;
  update_queue<v1::WorkspaceUpdate> queue{most_waiting};
  /// Id of the question that they answer.
  uint64_t watch = 0;

  ~impl() {
    v1::Envelope note;
    note.mutable_workspace_seen()->set_watch(watch);
    note.mutable_workspace_seen()->set_done(true);
    link->tell(std::move(note));
    link->forget(watch);
  }
};

workspace_updates::workspace_updates(std::shared_ptr<impl> x) : impl_(std::move(x)) {
  // nop
}

workspace_updates::workspace_updates(workspace_updates&&) noexcept = default;
workspace_updates& workspace_updates::operator=(workspace_updates&&) noexcept = default;
workspace_updates::~workspace_updates() = default;

result<std::optional<v1::WorkspaceUpdate>> workspace_updates::next(milliseconds timeout) {
  auto next = impl_->queue.pop(timeout);
  if (next && *next && !(*next)->has_ended()) {
    v1::Envelope note;
    note.mutable_workspace_seen()->set_watch(impl_->watch);
    note.mutable_workspace_seen()->set_seq((*next)->seq());
    impl_->link->tell(std::move(note));
  }
  return next;
}

result<v1::WorkspaceView> client::workspace(const std::string& run_id, const std::string& step,
                                            const std::string& artifact, uint64_t version) {
  v1::Envelope question;
  auto& read = *question.mutable_read_workspace();
  read.set_run_id(run_id);
  read.set_step(step);
  read.set_artifact(artifact);
  read.set_version(version);
  return impl_->ask<v1::WorkspaceView>(std::move(question), [](v1::Envelope& x) {
    return x.has_workspace_view() ? x.mutable_workspace_view() : nullptr;
  });
}

result<workspace_updates> client::watch_workspace(const std::string& run_id, const std::string& step) {
  auto stream = std::make_shared<workspace_updates::impl>();
  stream->link = impl_->link();
  v1::Envelope question;
  question.mutable_watch_workspace()->set_run_id(run_id);
  question.mutable_watch_workspace()->set_step(step);
  link_client::stream_handlers handlers;
  // Not a pointer to the stream that holds it: the connection, which holds this, would hold itself.
  std::weak_ptr<workspace_updates::impl> weak = stream;
  handlers.on_message = [weak](v1::Envelope x) {
    if (auto to = weak.lock())
      to->queue.push(std::move(*x.mutable_workspace_update()));
  };
  handlers.on_end = [weak](const result<void>& how) {
    if (auto to = weak.lock())
      to->queue.close(how ? error{v1::ERROR_CODE_NOT_FOUND, "the team has ended: no more updates", false}
                          : how.error());
  };
  stream->watch = stream->link->follow(std::move(question), impl_->options.request_timeout, std::move(handlers));
  return workspace_updates{std::move(stream)};
}

result<v1::TeamEnded> client::follow_workspace(const std::string& run_id, const std::string& step,
                                               milliseconds deadline, const workspace_handlers& handlers) {
  followed<workspace_updates, v1::WorkspaceUpdate> what;
  what.open = [&] { return impl_->reconnect().and_then([&] { return watch_workspace(run_id, step); }); };
  what.on_update = [&](const v1::WorkspaceUpdate& x) {
    if (handlers.on_update)
      handlers.on_update(x);
  };
  what.is_last = [](const v1::WorkspaceUpdate& x) { return x.has_ended(); };
  // The run goes on, and the team has not begun.
  what.is_early = [](const error& why) { return why.code == v1::ERROR_CODE_NOT_FOUND && why.retryable; };
  what.on_idle = handlers.on_idle;
  what.too_late = "the team has not ended within the deadline";
  return follow(deadline, what).map([](v1::WorkspaceUpdate x) { return std::move(*x.mutable_ended()); });
}

} // namespace troupe
