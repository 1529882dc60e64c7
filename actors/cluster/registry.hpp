#pragma once

#include "actors/cluster/registry_probe.hpp"
#include "messages/dispatcher.hpp"
#include "messages/registry.hpp"
#include "runtime/cluster/membership.hpp"

#include <caf/error.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

struct registry_config {
  membership_config membership;
  /// Of this coordinator; told to those who join.
  std::string coordinator_name;
  std::string coordinator_boot_id;
  /// How often silence is looked at. Range: 1 ms to the heartbeat interval.
  milliseconds tick{500};
};

/// Names the first value that lies outside of its range, if any.
caf::error validate(const registry_config& config);

/// Sent to itself every `tick`.
struct registry_tick {};

using registry_self_actor = registry_actor::extend<caf::reacts_to<registry_tick>>;

/// A shell around `membership`: gives sessions their hosts' handles, and tells the dispatcher what changed.
struct registry_state {
  static inline constexpr const char* name = "registry";

  using pointer = registry_self_actor::stateful_pointer<registry_state>;

  void start(pointer self, registry_config config, dispatcher_actor dispatcher, std::shared_ptr<const clock> time,
             registry_probe probe);

  caf::result<v1::JoinedCluster> join(const v1::JoinCluster& request, const agent_host_actor& host);
  caf::result<v1::HeartbeatAck> heartbeat(const v1::Heartbeat& beat);
  void leave(const v1::LeaveCluster& x);
  caf::result<v1::Ack> drain(const v1::DrainNode& x);
  v1::NodeList list() const;
  void tick();
  /// A host's: its process, link or actor is gone.
  void end_of(const caf::actor_addr& host);

private:
  void publish(const membership::changes& changes);
  bool is_known(const agent_host_actor& host) const;

  pointer self_ = nullptr;
  registry_config config_;
  dispatcher_actor dispatcher_;
  std::shared_ptr<const clock> time_;
  std::optional<registry_probe> probe_;
  std::optional<membership> members_;
  /// By session; a local host that joined again stands in two for a moment. Invariant: we monitor each of them once.
  std::map<uint64_t, agent_host_actor> hosts_;
};

/// Spawned once per coordinator node, behind its dispatcher. Quits with ec::invalid_input on a configuration that is
/// out of range.
registry_self_actor::behavior_type registry(registry_state::pointer self, registry_config config,
                                            dispatcher_actor dispatcher, std::shared_ptr<const clock> time,
                                            registry_probe probe);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::registry_tick)
