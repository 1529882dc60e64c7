#pragma once

#include "actors/supervision/supervisor_probe.hpp"
#include "messages/supervisor.hpp"
#include "runtime/supervision/restart_policy.hpp"
#include "runtime/supervision/supervision.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

struct supervisor_config {
  /// For logs.
  std::string name;
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_limits limits = {};
  /// Started in this order.
  std::vector<child_spec> children = {};
  /// Of the jitter. Supervisors of different processes should not share it.
  uint64_t seed = 0;
};

/// Names the first value that lies outside of its range, if any: ids are unique, each child has a start function, no
/// time is negative.
caf::error validate(const supervisor_config& config);

/// How long a supervisor may need to stop the children it was configured with, should each use up its grace and have to
/// be killed: what its own supervisor should grant it.
milliseconds grace_of(const supervisor_config& config);

/// A supervisor as the child of another one. As in OTP, its children run before the child behind it is started.
child_spec supervisor_child(std::string id, supervisor_config config, supervisor_probe probe,
                            restart_type restart = restart_type::permanent);

/// Sent to itself: something is due.
struct supervisor_tick {};

using supervisor_self_actor = supervisor_actor::extend<caf::reacts_to<supervisor_tick>>;

/// Executes the decisions of a `supervision`.
class supervisor_state {
public:
  static inline constexpr const char* name = "supervisor";

  using pointer = supervisor_self_actor::stateful_pointer<supervisor_state>;

  /// Whatever ends the supervisor, its children end too; those that are left are killed.
  ~supervisor_state();

  /// `started`: the children that run already, from the first one on.
  void begin(pointer self, supervisor_config config, supervisor_probe probe, std::vector<caf::actor> started);

  caf::result<caf::actor> start(child_spec spec);
  caf::result<v1::Ack> stop(const std::string& id);
  std::vector<child_status> list() const;
  void down(const caf::down_msg& msg);
  void close(caf::error reason);
  void tick();

private:
  struct child {
    child_spec spec;
    /// Null when it does not run.
    caf::actor handle = {};
    /// Runs already when its turn to start comes.
    caf::actor ready = {};
    bool started_before = false;
    /// Of those who asked.
    caf::typed_response_promise<caf::actor> starter = {};
    std::vector<caf::typed_response_promise<v1::Ack>> stoppers = {};
  };

  /// Does what is to be done now, and arms the timer for the rest.
  void run();
  void execute(const supervision_command& command);
  void start_now(const std::string& id, child& who);
  void send_exit(const child& who, caf::exit_reason reason) const;
  void forget(const std::string& id);
  void finish();
  int64_t now_ms() const;

  supervisor_self_actor::pointer self_ = nullptr;
  std::string name_;
  std::optional<supervision> decisions_;
  std::optional<supervisor_probe> probe_;
  std::map<std::string, child> children_;
  std::map<caf::actor_addr, std::string> ids_;
  /// Why it was told to end.
  caf::error reason_;
  std::optional<int64_t> armed_for_;
  bool finished_ = false;
};

/// Runs until it is told to end, or gives up: then it quits with ec::unavailable after it has stopped its children.
supervisor_self_actor::behavior_type supervisor(supervisor_state::pointer self, supervisor_config config,
                                                supervisor_probe probe);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::supervisor_tick)
