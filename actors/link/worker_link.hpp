#pragma once

#include "actors/link/link_events.hpp"
#include "messages/agent_host.hpp"
#include "messages/registry.hpp"
#include "runtime/core/clock.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <unordered_map>

namespace troupe {

struct worker_link_config {
  /// For questions to the registry.
  milliseconds registry_timeout{5'000};
  /// How long a worker may take to finish its tasks when it is drained.
  milliseconds drain_timeout{600'000};
  /// A worker that says nothing for this long, not even a heartbeat, is cut off.
  milliseconds idle{10'000};
};

using worker_link_self_actor =
    agent_host_actor::extend<caf::reacts_to<link_messages>, caf::reacts_to<link_lost>, caf::reacts_to<link_tick>>;

/// The agent host of another process, as the coordinator's side sees it: what a local host would get goes over the
/// link, what comes back is handed to whoever sent the tasks. Ends with the link, so that whoever monitors it knows at
/// once.
struct worker_link_state {
  static inline constexpr const char* name = "worker-link";

  using pointer = worker_link_self_actor::stateful_pointer<worker_link_state>;

  ~worker_link_state();

  void start(pointer self, worker_link_config config, link_ptr link, registry_actor registry,
             std::shared_ptr<const clock> time);

  // -- from the dispatcher and the registry
  void dispatch(const task_batch& batch, const result_sink_actor& sink);
  void cancel(const v1::CancelBatch& batch);
  void answer(const v1::OpAnswerBatch& batch);
  caf::typed_response_promise<v1::Ack> drain(const v1::DrainNode& x);

  // -- from the worker
  void take(link_batch& batch);
  void lost(const error& reason);
  void tick();

private:
  void take(v1::Envelope& message);
  void join(v1::Envelope& message);
  void beat(const v1::Envelope& message);
  void leave(const v1::Envelope& message);
  void answered(const v1::Envelope& message);
  bool is_peer(const std::string& node, const std::string& boot_id) const;
  void refuse(const v1::Envelope& message, error why);
  template <class T>
  void send(uint64_t correlation, const T& body, bool urgent = false);
  void send_tasks(const v1::TaskBatch& batch);
  /// One more question to the registry; false when there are too many, which ends the link.
  bool begin_question();
  template <class T>
  void answered_question(uint64_t id, const T& body, bool urgent = false);
  void take_results(v1::Envelope& message);
  /// Whether the link is good for more.
  bool check(send_status status);
  void end(error reason);

  pointer self_ = nullptr;
  worker_link_config config_;
  link_ptr link_;
  registry_actor registry_;
  std::shared_ptr<const clock> time_;
  /// The dispatcher; known from its first tasks.
  result_sink_actor sink_;
  struct pending_drain {
    caf::typed_response_promise<v1::Ack> promise;
    int64_t due = 0;
  };
  std::unordered_map<uint64_t, pending_drain> drains_;
  int64_t last_sign_ = 0;
  /// Tasks that were sent and have no result yet, and results beyond those.
  uint64_t owed_ = 0;
  uint64_t surplus_ = 0;
  /// Questions to the registry that are not answered.
  size_t questions_ = 0;
  /// Signs of progress since the last tick.
  size_t progress_ = 0;
  bool ending_ = false;
};

worker_link_self_actor::behavior_type worker_link(worker_link_state::pointer self, worker_link_config config,
                                                  link_ptr link, registry_actor registry,
                                                  std::shared_ptr<const clock> time);

} // namespace troupe
