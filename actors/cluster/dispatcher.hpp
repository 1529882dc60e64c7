#pragma once

#include "actors/cluster/dispatcher_probe.hpp"
#include "messages/dispatcher.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/dispatch/dispatcher_core.hpp"

#include <caf/error.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace troupe {

struct dispatcher_shell_config {
  dispatcher_config core;
  /// How often waits are looked at. Range: 1 ms and up.
  milliseconds tick{250};
  /// Must be set.
  std::shared_ptr<const clock> time;
};

/// Names the first value that lies outside its range, if any.
caf::error validate(const dispatcher_shell_config& config);

/// Sent to itself with the first change of a burst: what came before it in the mailbox is sent together. Not needed for
/// a change that comes alone.
struct dispatch_flush_tick {};

/// Sent to itself every `tick`.
struct dispatch_wait_tick {};

using dispatcher_self_actor =
    dispatcher_actor::extend<caf::reacts_to<dispatch_flush_tick>, caf::reacts_to<dispatch_wait_tick>>;

/// A shell around dispatcher_core: gives owners and nodes their handles, and brings the core's batches to them.
struct dispatcher_state {
  static inline constexpr const char* name = "dispatcher";

  using pointer = dispatcher_self_actor::stateful_pointer<dispatcher_state>;

  void start(pointer self, dispatcher_shell_config config, dispatcher_probe probe);

  void queue(task_batch& batch, const task_owner_actor& owner);
  void cancel(const v1::CancelBatch& batch);
  void answer(const v1::OpAnswerBatch& batch);
  void take_results(v1::ResultBatch& batch);
  void take_progress(const v1::ProgressBatch& batch);
  void take_operations(const v1::OpBatch& batch);
  void update_node(const v1::NodeStatus& status, const agent_host_actor& host);
  void drop_node(const std::string& node, const std::string& boot_id, const std::string& reason);
  /// An owner's or a host's.
  void end_of(const caf::down_msg& down);
  void flush();
  void tick();

private:
  struct node_handle {
    std::string boot_id;
    agent_host_actor host;
  };

  void changed();
  void send(dispatch_actions actions);
  int64_t now() const;

  pointer self_ = nullptr;
  std::shared_ptr<const clock> time_;
  milliseconds tick_{0};
  std::optional<dispatcher_core> core_;
  std::optional<dispatcher_probe> probe_;
  dispatcher_stats counted_;
  /// An owner's id in the core is its actor id. Invariant: we monitor everybody in these two.
  std::unordered_map<owner_id, task_owner_actor> owners_;
  std::map<std::string, node_handle> nodes_;
  /// Whose host an actor is.
  std::unordered_map<caf::actor_id, std::string> node_of_;
  /// Invariant: a dispatch_flush_tick is in the mailbox exactly when this is set.
  bool flush_is_due_ = false;
};

/// Spawned once per coordinator node, before its registry and its runs. Quits with ec::invalid_input on a configuration
/// that is out of range.
dispatcher_self_actor::behavior_type dispatcher(dispatcher_state::pointer self, dispatcher_shell_config config,
                                                dispatcher_probe probe);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::dispatch_flush_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::dispatch_wait_tick)
