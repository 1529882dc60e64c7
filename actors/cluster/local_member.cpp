#include "actors/cluster/local_member.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace troupe {

namespace {

constexpr auto patience = std::chrono::seconds{5};

} // namespace

void local_member_state::start(pointer self, v1::NodeInfo info, registry_actor registry, agent_host_actor host) {
  self_ = self;
  info_ = std::move(info);
  registry_ = std::move(registry);
  host_ = std::move(host);
  join();
  self_->delayed_send(self_, interval_, member_tick{});
}

void local_member_state::join() {
  asking_ = true;
  v1::JoinCluster request;
  *request.mutable_node() = info_;
  self_->request(registry_, patience, std::move(request), host_)
      .then(
          [this](const v1::JoinedCluster& joined) {
            asking_ = false;
            joined_ = true;
            if (joined.heartbeat_ms() > 0)
              interval_ = milliseconds{joined.heartbeat_ms()};
          },
          [this](const caf::error& why) {
            asking_ = false;
            spdlog::error("node {} could not join its own registry: {}", info_.name(), from_caf(why).message);
          });
}

void local_member_state::tick() {
  self_->delayed_send(self_, interval_, member_tick{});
  if (asking_)
    return;
  if (!joined_) {
    join();
    return;
  }
  v1::Heartbeat beat;
  beat.set_node(info_.name());
  beat.set_boot_id(info_.boot_id());
  beat.set_seq(++beats_);
  self_->request(registry_, patience, std::move(beat))
      .then([](const v1::HeartbeatAck&) {},
            [this](const caf::error& why) {
              // The registry forgot us (it was restarted, or we were silent for too long): join again at the next tick.
              spdlog::warn("node {} is no member of its own cluster: {}", info_.name(), from_caf(why).message);
              joined_ = false;
            });
}

local_member_actor::behavior_type local_member(local_member_state::pointer self, v1::NodeInfo info,
                                               registry_actor registry, agent_host_actor host) {
  self->state.start(self, std::move(info), std::move(registry), std::move(host));
  return {
      [self](member_tick) { self->state.tick(); },
  };
}

} // namespace troupe
