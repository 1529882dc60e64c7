#pragma once

#include "messages/registry.hpp"
#include "runtime/core/clock.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>

namespace troupe {

/// A member's note to itself.
struct member_tick {};

/// A LOCAL MEMBER: what a cluster link is for the coordinator's own process. A single node is a cluster of one: its
/// host joins, and its heartbeats show that the actor scheduler is alive.
using local_member_actor = caf::typed_actor<caf::reacts_to<member_tick>>;

struct local_member_state {
  static inline constexpr const char* name = "local-member";

  using pointer = local_member_actor::stateful_pointer<local_member_state>;

  void start(pointer self, v1::NodeInfo info, registry_actor registry, agent_host_actor host);
  void tick();

private:
  void join();

  local_member_actor::pointer self_ = nullptr;
  v1::NodeInfo info_;
  registry_actor registry_;
  agent_host_actor host_;
  bool joined_ = false;
  bool asking_ = false;
  uint64_t beats_ = 0;
  milliseconds interval_{1'000};
};

local_member_actor::behavior_type local_member(local_member_state::pointer self, v1::NodeInfo info,
                                               registry_actor registry, agent_host_actor host);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::member_tick)
