#include "actors/run/workspace.hpp"

#include "messages/errors.hpp"

#include <utility>

namespace troupe {

workspace_state::~workspace_state() {
  auto gone = to_caf({v1::ERROR_CODE_UNAVAILABLE, "the run's coordinator ended; ask again", true});
  for (auto& [request, promise] : early_readers_)
    promise.deliver(gone);
  for (auto& [watcher, promise] : early_watchers_)
    promise.deliver(gone);
  // Whoever is monitored keeps something of those who do so.
  if (self_ != nullptr)
    self_->demonitor(parent_);
}

void workspace_state::start(pointer self, workspace_config config, std::string run_id, std::string step,
                            caf::actor_addr parent) {
  self_ = self;
  parent_ = std::move(parent);
  self_->monitor(parent_);
  config_ = config;
  run_id_ = std::move(run_id);
  step_ = std::move(step);
}

// -- those who look ---------------------------------------------------------------------------------------------------

caf::result<v1::WorkspaceView> workspace_state::read(const v1::ReadWorkspace& request) {
  if (feed_) {
    auto view = feed_->read(request);
    if (!view)
      return to_caf(view.error());
    return std::move(*view);
  }
  if (early_readers_.size() + early_watchers_.size() >= config_.most_waiting)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "others wait for this workspace already", true});
  auto promise = self_->make_response_promise<v1::WorkspaceView>();
  early_readers_.emplace_back(request, promise);
  return promise;
}

caf::result<v1::Ack> workspace_state::watch(const workspace_watcher_actor& watcher) {
  if (feed_) {
    if (auto added = add(watcher); !added)
      return to_caf(added.error());
    return v1::Ack{};
  }
  if (early_readers_.size() + early_watchers_.size() >= config_.most_waiting)
    return to_caf({v1::ERROR_CODE_RESOURCE_EXHAUSTED, "others wait for this workspace already", true});
  auto promise = self_->make_response_promise<v1::Ack>();
  early_watchers_.emplace_back(watcher, promise);
  return promise;
}

result<void> workspace_state::add(const workspace_watcher_actor& watcher) {
  std::vector<workspace_feed::notice> notices;
  auto name = ++last_watcher_;
  if (auto added = feed_->watch(name, notices); !added)
    return added;
  self_->monitor(watcher);
  watchers_.emplace(name, watcher);
  names_.emplace(watcher.address(), name);
  tell(std::move(notices));
  return {};
}

void workspace_state::seen(uint64_t seq, const workspace_watcher_actor& watcher) {
  auto known = names_.find(watcher.address());
  if (known == names_.end() || !feed_)
    return;
  std::vector<workspace_feed::notice> notices;
  feed_->seen(known->second, seq, notices);
  tell(std::move(notices));
  end_if_done();
}

void workspace_state::forget(const caf::actor_addr& watcher) {
  auto known = names_.find(watcher);
  if (known == names_.end())
    return;
  if (feed_)
    feed_->forget(known->second);
  watchers_.erase(known->second);
  names_.erase(known);
  end_if_done();
}

void workspace_state::tell(std::vector<workspace_feed::notice> notices) {
  for (auto& x : notices)
    if (auto to = watchers_.find(x.watcher); to != watchers_.end())
      self_->send(to->second, std::move(x.update));
}

// -- the run ----------------------------------------------------------------------------------------------------------

void workspace_state::begin(const workspace_begin& from) {
  if (feed_)
    return;
  feed_.emplace(run_id_, step_, *from.now, config_.feed);
  for (auto& [request, promise] : std::exchange(early_readers_, {})) {
    if (auto view = feed_->read(request))
      promise.deliver(std::move(*view));
    else
      promise.deliver(to_caf(view.error()));
  }
  for (auto& [watcher, promise] : std::exchange(early_watchers_, {})) {
    if (auto added = add(watcher))
      promise.deliver(v1::Ack{});
    else
      promise.deliver(to_caf(added.error()));
  }
}

void workspace_state::news(const workspace_news& what) {
  if (!feed_)
    return;
  std::vector<workspace_feed::notice> notices;
  for (const auto& change : what.changes)
    feed_->apply(change, what.at_ms, notices);
  tell(std::move(notices));
  if (feed_->ended() && !feed_->done())
    self_->delayed_send(self_, config_.linger, workspace_linger_tick{});
  end_if_done();
}

void workspace_state::orphaned() {
  if (!feed_ || !feed_->ended())
    self_->quit(caf::exit_reason::user_shutdown);
}

void workspace_state::end_if_done() {
  if (feed_ && feed_->done())
    self_->quit();
}

workspace_actor::behavior_type team_workspace(workspace_state::pointer self, workspace_config config,
                                              std::string run_id, std::string step, caf::actor_addr parent) {
  self->state.start(self, config, std::move(run_id), std::move(step), parent);
  self->set_down_handler([self, parent](const caf::down_msg& down) {
    if (down.source == parent)
      self->state.orphaned();
    else
      self->state.forget(down.source);
  });
  return {
      [self](const v1::ReadWorkspace& request) { return self->state.read(request); },
      [self](const v1::WatchWorkspace&, const workspace_watcher_actor& watcher) { return self->state.watch(watcher); },
      [self](const v1::WorkspaceSeen& note, const workspace_watcher_actor& watcher) {
        self->state.seen(note.seq(), watcher);
      },
      [self](const workspace_begin& from) { self->state.begin(from); },
      [self](const workspace_news& what) { self->state.news(what); },
      [self](workspace_linger_tick) { self->quit(caf::exit_reason::user_shutdown); },
  };
}

} // namespace troupe
