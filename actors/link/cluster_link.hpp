#pragma once

#include "actors/link/cluster_link_probe.hpp"
#include "actors/link/link_events.hpp"
#include "actors/link/link_transport.hpp"
#include "messages/agent_host.hpp"
#include "messages/cluster_link.hpp"
#include "runtime/cluster/reconnect_backoff.hpp"
#include "runtime/cluster/self_fence.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
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

/// Which attempt a result is of.
struct task_key {
  std::string run_id;
  uint32_t task = 0;
  uint32_t attempt = 0;

  bool operator==(const task_key&) const = default;

  /// Of whatever names its attempt: a task, a result, an operation.
  static task_key of(const auto& x) {
    return {x.run_id(), x.task(), x.attempt()};
  }
};

struct task_key_hash {
  size_t operator()(const task_key& x) const;
};

///      waiting ──backoff──> connecting ──> joining ──> member ──> leaving ──> (ends)
///         ^──────────────────────┴────────────┴───────────┘
///               no connection, refused, link closed, fenced
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
  enum class stage { waiting, connecting, joining, member, leaving };

  void connect();
  void take(v1::Envelope& message);
  void joined(const v1::JoinedCluster& x);
  void answered_with_error(const v1::Envelope& message);
  void run(v1::TaskBatch& batch);
  void drain_host(const v1::Envelope& message);
  void beat();
  void send_results(const v1::ResultBatch& batch);
  template <class T>
  send_status send(uint64_t correlation, const T& body, bool urgent = false) {
    return sent(troupe::send(*link_, correlation, body, {.urgent = urgent, .more = !self_->mailbox().empty()}));
  }
  send_status sent(send_status status);
  /// The link is of no more use: stops the work that came over it, and tries again later.
  void start_over(const error& why);
  void cancel_everything(const std::string& why);
  void finish();
  int64_t now() const {
    return time_->steady_ms();
  }

  pointer self_ = nullptr;
  cluster_link_config config_;
  std::shared_ptr<link_connector> connector_;
  agent_host_actor host_;
  std::shared_ptr<const clock> time_;
  std::optional<cluster_link_probe> probe_;
  std::optional<reconnect_backoff> backoff_;
  stage stage_ = stage::waiting;
  /// Counts the tries to connect; what a former link still says is ignored.
  uint64_t round_ = 0;
  link_ptr link_;
  std::string coordinator_name_;
  /// When to connect (waiting), give up (joining), or end (leaving).
  int64_t due_ = 0;
  uint64_t join_id_ = 0;
  int64_t join_sent_ = 0;
  milliseconds heartbeat_{1'000};
  int64_t next_beat_ = 0;
  uint64_t beats_ = 0;
  std::optional<self_fence> fence_;
  bool draining_ = false;
  bool complained_ = false;
  /// What this coordinator has sent and not yet got back.
  std::unordered_set<task_key, task_key_hash> tasks_;
  std::vector<caf::typed_response_promise<v1::Ack>> leaving_;
};

/// One per coordinator that a worker is configured with; lives until it has left.
cluster_link_self_actor::behavior_type cluster_link(cluster_link_state::pointer self, cluster_link_config config,
                                                    std::shared_ptr<link_connector> connector, agent_host_actor host,
                                                    std::shared_ptr<const clock> time, cluster_link_probe probe);

} // namespace troupe
