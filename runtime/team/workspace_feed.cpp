#include "runtime/team/workspace_feed.hpp"

#include "runtime/team/workspace_view.hpp"

namespace troupe {

workspace_feed::workspace_feed(std::string run_id, std::string step, workspace from, feed_limits limits)
    : run_id_{std::move(run_id)}, step_{std::move(step)}, now_{std::move(from)}, limits_{limits} {}

result<v1::WorkspaceView> workspace_feed::read(const v1::ReadWorkspace& what) const {
  auto out = view_of(now_, what);
  if (out) {
    out->set_run_id(run_id_);
    out->set_step(step_);
  }
  return out;
}

result<void> workspace_feed::watch(uint64_t name, std::vector<notice>& out) {
  if (watchers_.size() >= limits_.most_watchers)
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "this workspace has its " + std::to_string(limits_.most_watchers) + " watchers", true);
  auto [i, added] = watchers_.try_emplace(name);
  if (added)
    tell_all(name, i->second, out);
  if (ended())
    watchers_.erase(i);
  return {};
}

void workspace_feed::forget(uint64_t name) {
  watchers_.erase(name);
}

void workspace_feed::apply(const workspace_change& change, int64_t at_ms, std::vector<notice>& out) {
  if (change.seq <= now_.seq())
    return;
  now_.apply(change);
  if (watchers_.empty())
    return;
  auto update = named(update_of(change, now_.limits().inline_bytes));
  update.set_at_ms(at_ms);
  auto bytes = update.ByteSizeLong();
  for (auto i = watchers_.begin(); i != watchers_.end();) {
    auto& [name, x] = *i;
    if (x.behind || !has_room(x, bytes)) {
      x.behind = true;
      ++i;
      continue;
    }
    tell(name, x, update, out);
    i = ended() ? watchers_.erase(i) : std::next(i);
  }
}

void workspace_feed::seen(uint64_t name, uint64_t seq, std::vector<notice>& out) {
  auto i = watchers_.find(name);
  if (i == watchers_.end())
    return;
  auto& x = i->second;
  while (!x.ahead.empty() && x.ahead.front().first <= seq) {
    x.bytes -= x.ahead.front().second;
    x.ahead.pop_front();
  }
  // Not before it has dealt with everything: a reader that is always a little too slow would read documents only.
  if (!x.behind || !x.ahead.empty())
    return;
  x.behind = false;
  tell_all(name, x, out);
  if (ended())
    watchers_.erase(i);
}

bool workspace_feed::has_room(const watcher& x, size_t bytes) const {
  return x.ahead.empty() || (x.ahead.size() < limits_.updates_ahead && x.bytes + bytes <= limits_.bytes_ahead);
}

void workspace_feed::tell(uint64_t name, watcher& x, v1::WorkspaceUpdate update, std::vector<notice>& out) {
  auto bytes = update.ByteSizeLong();
  x.ahead.emplace_back(update.seq(), bytes);
  x.bytes += bytes;
  out.push_back({name, std::move(update)});
}

void workspace_feed::tell_all(uint64_t name, watcher& x, std::vector<notice>& out) {
  v1::WorkspaceUpdate update;
  update.set_seq(now_.seq());
  auto& document = *update.mutable_document();
  document = view_of(now_);
  document.set_run_id(run_id_);
  document.set_step(step_);
  tell(name, x, named(std::move(update)), out);
  if (!now_.ended())
    return;
  v1::WorkspaceUpdate last;
  last.set_seq(now_.seq());
  *last.mutable_ended() = to_proto(*now_.ended());
  tell(name, x, named(std::move(last)), out);
}

v1::WorkspaceUpdate workspace_feed::named(v1::WorkspaceUpdate x) const {
  x.set_run_id(run_id_);
  x.set_step(step_);
  return x;
}

} // namespace troupe
