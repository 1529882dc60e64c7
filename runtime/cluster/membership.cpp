#include "runtime/cluster/membership.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t remembered_lives = 16;

uint32_t span(int64_t from, int64_t to) {
  return static_cast<uint32_t>(std::clamp<int64_t>(to - from, 0, UINT32_MAX));
}

} // namespace

result<void> validate(const membership_config& config) {
  auto bad = [](const char* what) { return fail(v1::ERROR_CODE_INVALID_INPUT, what); };
  if (config.heartbeat.count() <= 0)
    return bad("heartbeat must be above 0 ms");
  if (config.suspect <= config.heartbeat)
    return bad("suspect must be longer than heartbeat");
  if (config.lost <= config.suspect)
    return bad("lost must be longer than suspect");
  if (config.fence < config.lost)
    return bad("fence must be at least as long as lost");
  if (config.max_nodes == 0)
    return bad("max_nodes must be 1 or more");
  return {};
}

membership::change membership::end(member& x, v1::NodeState state, std::string reason, int64_t now) {
  x.status.set_state(state);
  x.status.set_outstanding(0);
  x.status.clear_load();
  x.status.set_silent_ms(span(x.last_sign, now));
  return {x.session, x.status, std::move(reason)};
}

void membership::settle(member& x, v1::NodeState state, int64_t now, changes& out) {
  if (x.status.state() == state)
    return;
  x.status.set_state(state);
  x.status.set_silent_ms(span(x.last_sign, now));
  out.push_back({x.session, x.status, {}});
}

result<void> membership::make_room() {
  if (members_.size() < config_.max_nodes)
    return {};
  auto oldest = members_.end();
  for (auto i = members_.begin(); i != members_.end(); ++i)
    if (!i->second.is_alive() && (oldest == members_.end() || i->second.last_sign < oldest->second.last_sign))
      oldest = i;
  if (oldest == members_.end())
    return fail(v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                "the cluster has its " + std::to_string(config_.max_nodes) + " nodes", true);
  members_.erase(oldest);
  return {};
}

result<membership::joined> membership::join(const v1::NodeInfo& node, int64_t now, int64_t wall_ms) {
  if (auto ok = validate(node); !ok)
    return tl::unexpected<error>{ok.error()};
  joined out;
  auto i = members_.find(node.name());
  if (i == members_.end()) {
    if (auto ok = make_room(); !ok)
      return tl::unexpected<error>{ok.error()};
    i = members_.emplace(node.name(), member{}).first;
  } else {
    auto& old = i->second;
    if (std::find(old.replaced.begin(), old.replaced.end(), node.boot_id()) != old.replaced.end())
      return fail(v1::ERROR_CODE_FENCED,
                  "node " + node.name() + " was started again elsewhere; this life of it is over");
    bool same_life = old.status.info().boot_id() == node.boot_id();
    if (!same_life && old.is_alive() && now - old.last_sign < config_.suspect.count())
      return fail(v1::ERROR_CODE_ALREADY_EXISTS,
                  "another living node is named " + node.name() + "; give each node a name of its own", true);
    if (old.is_alive())
      out.changed.push_back(
          end(old, v1::NODE_STATE_LOST, same_life ? "it joined again" : "a new life of it joined", now));
    if (!same_life) {
      old.replaced.push_back(old.status.info().boot_id());
      if (old.replaced.size() > remembered_lives)
        old.replaced.pop_front();
    }
  }
  auto& x = i->second;
  x.session = ++last_session_;
  x.draining = false;
  x.last_sign = now;
  x.status.Clear();
  *x.status.mutable_info() = node;
  x.status.set_joined_at_ms(wall_ms);
  settle(x, v1::NODE_STATE_UP, now, out.changed);
  out.session = x.session;
  return out;
}

result<membership::changes> membership::heartbeat(const v1::Heartbeat& beat, int64_t now) {
  auto i = members_.find(beat.node());
  if (i == members_.end() || !i->second.is_alive() || i->second.status.info().boot_id() != beat.boot_id())
    return fail(v1::ERROR_CODE_FENCED, "this life of node " + beat.node() + " is no member of the cluster; join again",
                true);
  auto& x = i->second;
  x.last_sign = now;
  x.draining = x.draining || beat.draining();
  *x.status.mutable_load() = beat.load();
  x.status.set_outstanding(beat.load().running() + beat.load().queued());
  changes out;
  settle(x, x.draining ? v1::NODE_STATE_DRAINING : v1::NODE_STATE_UP, now, out);
  return out;
}

membership::changes membership::leave(const v1::LeaveCluster& x, int64_t now) {
  auto i = members_.find(x.node());
  if (i == members_.end() || !i->second.is_alive() || i->second.status.info().boot_id() != x.boot_id())
    return {};
  return {end(i->second, v1::NODE_STATE_LEFT, x.reason().empty() ? "it left" : x.reason(), now)};
}

membership::changes membership::link_closed(uint64_t session, int64_t now) {
  for (auto& [name, x] : members_)
    if (x.session == session && x.is_alive())
      return {end(x, v1::NODE_STATE_LOST, "its link closed", now)};
  return {};
}

result<membership::changes> membership::drain(const std::string& name, int64_t now) {
  auto i = members_.find(name);
  if (i == members_.end() || !i->second.is_alive())
    return fail(v1::ERROR_CODE_NOT_FOUND, "there is no living node named " + name);
  auto& x = i->second;
  x.draining = true;
  changes out;
  if (x.status.state() == v1::NODE_STATE_UP)
    settle(x, v1::NODE_STATE_DRAINING, now, out);
  return out;
}

membership::changes membership::tick(int64_t now) {
  // Our own pause: whatever came in the meantime still waits to be read.
  auto gap = last_tick_ < 0 ? 0 : now - last_tick_;
  auto pause = gap > 2 * config_.heartbeat.count() ? gap - config_.heartbeat.count() : 0;
  last_tick_ = now;
  changes out;
  for (auto i = members_.begin(); i != members_.end();) {
    auto& x = i->second;
    if (!x.is_alive()) {
      i = now - x.last_sign > config_.remember.count() ? members_.erase(i) : std::next(i);
      continue;
    }
    x.last_sign = std::min(now, x.last_sign + pause);
    auto silent = now - x.last_sign;
    if (silent >= config_.lost.count())
      out.push_back(end(x, v1::NODE_STATE_LOST, "it was silent for " + std::to_string(silent) + " ms", now));
    else if (silent >= config_.suspect.count())
      settle(x, v1::NODE_STATE_SUSPECT, now, out);
    ++i;
  }
  return out;
}

v1::NodeList membership::list(int64_t now) const {
  v1::NodeList out;
  for (auto& [name, x] : members_) {
    auto& status = *out.add_nodes();
    status = x.status;
    status.set_silent_ms(span(x.last_sign, now));
  }
  return out;
}

bool membership::is_session_of(uint64_t session, const std::string& name) const {
  auto i = members_.find(name);
  return i != members_.end() && i->second.is_alive() && i->second.session == session;
}

std::array<size_t, v1::NodeState_ARRAYSIZE> membership::counts() const {
  std::array<size_t, v1::NodeState_ARRAYSIZE> out = {};
  for (auto& [name, x] : members_)
    ++out[static_cast<size_t>(x.status.state())];
  return out;
}

} // namespace troupe
