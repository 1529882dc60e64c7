#pragma once

#include "runtime/cluster/reconnect_backoff.hpp"
#include "runtime/cluster/self_fence.hpp"
#include "runtime/core/result.hpp"
#include "runtime/core/task_key.hpp"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

struct member_limits {
  /// For the answer to JoinCluster.
  milliseconds join_timeout{5'000};
  /// How long the coordinator may take to answer a goodbye.
  milliseconds leave_timeout{2'000};
};

/// What a member wants its shell to do, in order.
namespace member_action {

/// Open a connection; what comes of it is told with this number.
struct connect {
  uint64_t round = 0;
};
/// Send JoinCluster, and give its answer to joined() alone.
struct join {};
struct beat {
  v1::Heartbeat message;
};
struct say_goodbye {
  v1::LeaveCluster message;
};
/// Tasks that nobody wants any more, for the local host.
struct cancel {
  v1::CancelBatch batch;
};
struct close_link {
  error why;
};
/// It is a member now.
struct joined {
  std::string coordinator;
};
/// It is no member any more, and tries again.
struct lost {
  error why;
  /// By its own judgement, or the coordinator's: others have its work.
  bool fenced = false;
};
/// A try that failed; `first` of an outage.
struct refused {
  error why;
  bool first = false;
};
/// It was a member, and is none any more.
struct left {};
/// All is over.
struct end {};

using any = std::variant<connect, join, beat, say_goodbye, cancel, close_link, joined, lost, refused, left, end>;

} // namespace member_action

/// A worker's side of its membership with one coordinator: when it connects, joins, beats, stops its work since nobody
/// counts on it any more, and leaves; and which tasks are that coordinator's. Pure; times are ms of one steady clock.
///
///      waiting ──backoff──> connecting ──> joining ──> member ──> leaving ──> gone
///         ^──────────────────────┴────────────┴───────────┘
///               no connection, refused, link closed, fenced
class member_core {
public:
  /// How often tick() is due; bounds how late a fence or a heartbeat can be.
  static constexpr milliseconds tick_interval{200};

  member_core(member_limits limits, std::string node, std::string boot_id, uint64_t seed)
      : limits_{limits}, node_{std::move(node)}, boot_id_{std::move(boot_id)}, backoff_{seed} {}

  // -- the link

  void start();
  /// False: it has changed its mind, and the link of that round is to be closed.
  bool opened(uint64_t round, int64_t now);
  void joined(const v1::JoinedCluster& answer, int64_t now);
  void acknowledged(const v1::HeartbeatAck& ack);
  /// The coordinator has taken note of the goodbye.
  void released();
  /// The coordinator has answered with an error.
  void refused(const v1::Error& why, int64_t now);
  void lost(uint64_t round, const error& why, int64_t now);
  /// The link is of no use any more.
  void give_up(const error& why, int64_t now);
  void tick(int64_t now);

  // -- this process

  /// Tells the coordinator that this node wants nothing more.
  void drain(int64_t now);
  void leave(const std::string& reason, int64_t now);
  /// At once, without goodbye.
  void end(const std::string& why);

  // -- tasks

  /// False: nothing of it is to be done, a coordinator that has not let this node in sends nothing.
  bool take(const v1::TaskBatch& batch);
  /// Whether the coordinator waits for the result of this attempt. Once.
  bool take_result(const v1::TaskResult& result) {
    return tasks_.erase(task_key::of(result)) > 0;
  }
  /// Whether it wants to hear of this attempt.
  bool concerns(const task_key& attempt) const {
    return stage_ == stage::member && tasks_.contains(attempt);
  }

  bool is_member() const {
    return stage_ == stage::member;
  }
  bool has_ended() const {
    return stage_ == stage::gone;
  }
  /// Of the try to connect that is under way, and of the link that came of it.
  uint64_t round() const {
    return round_;
  }
  /// Whether that link is open; what a former one says counts for nothing.
  bool is_current(uint64_t round) const {
    return round == round_ && (stage_ == stage::joining || stage_ == stage::member || stage_ == stage::leaving);
  }

  std::vector<member_action::any> take_actions() {
    return std::exchange(actions_, {});
  }

private:
  enum class stage : uint8_t { waiting, connecting, joining, member, leaving, gone };

  void connect();
  void beat(int64_t now);
  void cancel_everything(const std::string& why);
  void start_over(const error& why, int64_t now, bool fenced = false);

  template <class T>
  void act(T x) {
    actions_.emplace_back(std::move(x));
  }

  member_limits limits_;
  std::string node_;
  std::string boot_id_;
  reconnect_backoff backoff_;
  stage stage_ = stage::waiting;
  /// Counts the tries to connect.
  uint64_t round_ = 0;
  /// When to connect (waiting), give up (joining), or end (leaving).
  int64_t due_ = 0;
  int64_t join_sent_ = 0;
  milliseconds heartbeat_{1'000};
  int64_t next_beat_ = 0;
  uint64_t beats_ = 0;
  std::optional<self_fence> fence_;
  bool draining_ = false;
  bool complained_ = false;
  /// What this coordinator has sent and not yet got back.
  std::unordered_set<task_key, task_key_hash> tasks_;
  std::vector<member_action::any> actions_;
};

} // namespace troupe
