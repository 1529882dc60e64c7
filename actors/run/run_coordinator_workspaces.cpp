// The workspaces of a run's teams: an actor for each that somebody has asked for, told what is durable.
#include "actors/run/run_coordinator.hpp"
#include "messages/errors.hpp"

#include <utility>

namespace troupe {

result<workspace_actor> run_coordinator_state::find_workspace(const std::string& step) {
  auto at_work = session_->machine().find_team(step);
  // One whose end is not durable yet is no longer at work, but it is still what there is to see.
  auto known = step.empty() && !at_work && workspaces_.size() == 1 ? workspaces_.begin()
                                                                   : workspaces_.find(at_work ? at_work->step : step);
  if (known != workspaces_.end())
    return known->second.workspace;
  if (!at_work)
    return tl::unexpected(at_work.error());
  auto made = self_->spawn<caf::monitored>(team_workspace, config_.workspace, session_->summary().run_id(),
                                           at_work->step, self_->address());
  workspaces_.emplace(at_work->step, shown_team{at_work->team, made});
  if (auto shown = session_->show_workspace(at_work->step); !shown)
    return tl::unexpected(shown.error());
  execute(session_->take_held());
  return made;
}

caf::result<v1::WorkspaceView> run_coordinator_state::read_workspace(const v1::ReadWorkspace& request) {
  auto found = find_workspace(request.step());
  if (!found)
    return to_caf(found.error());
  return self_->delegate(*found, request);
}

caf::result<v1::Ack> run_coordinator_state::watch_workspace(const v1::WatchWorkspace& request,
                                                            const workspace_watcher_actor& watcher) {
  auto found = find_workspace(request.step());
  if (!found)
    return to_caf(found.error());
  return self_->delegate(*found, request, watcher);
}

workspace_actor* run_coordinator_state::workspace_of(uint64_t team) {
  for (auto& [step, x] : workspaces_)
    if (x.team == team)
      return &x.workspace;
  return nullptr;
}

void run_coordinator_state::show(const workspace_shown& x) {
  if (auto* to = workspace_of(x.team))
    self_->send(*to, workspace_begin{x.now});
}

void run_coordinator_state::tell(workspace_changed& x) {
  if (auto* to = workspace_of(x.team))
    self_->send(*to, workspace_news{x.at_ms, std::move(x.changes)});
}

void run_coordinator_state::close(const workspace_ended& x) {
  // The workspace has the end among its news.
  std::erase_if(workspaces_, [&](const auto& entry) { return entry.second.team == x.team; });
}

} // namespace troupe
