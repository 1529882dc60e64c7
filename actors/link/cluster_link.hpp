#pragma once

#include "actors/link/cluster_link_probe.hpp"
#include "actors/link/link_events.hpp"
#include "actors/link/link_transport.hpp"
#include "messages/agent_host.hpp"
#include "messages/cluster_link.hpp"
#include "runtime/cluster/member_core.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace troupe {

struct cluster_link_config {
  /// Of the coordinator.
  address coordinator;
  /// This process; its name and boot id must be those of the transport.
  v1::NodeInfo node;
  /// For the connection and the handshake, and again for the answer to JoinCluster.
  milliseconds connect_timeout{5'000};
  /// How long the coordinator may take to answer a goodbye.
  milliseconds leave_timeout{2'000};
  /// How long the local host may take to finish its tasks when the coordinator drains this node.
  milliseconds drain_timeout{600'000};
  /// For the jitter between tries to connect.
  uint64_t seed = 0;
};

using cluster_link_self_actor = cluster_link_actor::extend<caf::reacts_to<link_opened>, caf::reacts_to<link_messages>,
                                                           caf::reacts_to<link_lost>, caf::reacts_to<link_tick>>;

/// The shell of a member_core: its connection, its host, its log and its metrics.
struct cluster_link_state {
  static inline constexpr const char* name = "cluster-link";

  using pointer = cluster_link_self_actor::stateful_pointer<cluster_link_state>;

  ~cluster_link_state();

  void start(pointer self, cluster_link_config config, std::shared_ptr<link_connector> connector, agent_host_actor host,
             std::shared_ptr<const clock> time, cluster_link_probe probe);

  // -- from this process
  void pass_on(v1::ResultBatch& batch);
  void pass_on(const v1::ProgressBatch& batch);
  void pass_on(const v1::OpBatch& batch);
  void drain();
  caf::typed_response_promise<v1::Ack> leave(const v1::LeaveCluster& x);

  // -- from the link
  void opened(const link_opened& x);
  void take(const link_messages& x);
  void lost(const link_lost& x);
  void tick();

private:
  /// Does what the core has decided.
  void perform();
  void perform(member_action::connect x);
  void perform(member_action::join);
  void perform(const member_action::beat& x);
  void perform(const member_action::say_goodbye& x);
  void perform(member_action::cancel& x);
  void perform(const member_action::close_link& x);
  void perform(const member_action::joined& x);
  void perform(const member_action::lost& x);
  void perform(const member_action::refused& x);
  void perform(member_action::left);
  void perform(member_action::end);

  void take(v1::Envelope& message);
  void run(v1::TaskBatch& batch);
  void drain_host(const v1::Envelope& message);
  void send_results(const v1::ResultBatch& batch);
  template <class T>
  send_status send(uint64_t correlation, const T& body, bool urgent = false) {
    return sent(troupe::send(*link_, correlation, body, {.urgent = urgent, .more = !self_->mailbox().empty()}));
  }
  send_status sent(send_status status);
  int64_t now() const {
    return time_->steady_ms();
  }

  pointer self_ = nullptr;
  cluster_link_config config_;
  std::shared_ptr<link_connector> connector_;
  agent_host_actor host_;
  std::shared_ptr<const clock> time_;
  std::optional<cluster_link_probe> probe_;
  std::optional<member_core> core_;
  link_ptr link_;
  uint64_t join_id_ = 0;
  std::vector<caf::typed_response_promise<v1::Ack>> leaving_;
};

/// One per coordinator that a worker is configured with; lives until it has left.
cluster_link_self_actor::behavior_type cluster_link(cluster_link_state::pointer self, cluster_link_config config,
                                                    std::shared_ptr<link_connector> connector, agent_host_actor host,
                                                    std::shared_ptr<const clock> time, cluster_link_probe probe);

} // namespace troupe
