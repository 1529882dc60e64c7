#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/cluster.pb.h"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace troupe {

struct membership_config {
  /// How often a node gives a sign of life.
  milliseconds heartbeat{1'000};
  /// Silent for this long: no new tasks.
  milliseconds suspect{3'000};
  /// Silent for this long: lost, its tasks go elsewhere.
  milliseconds lost{5'000};
  /// A node fences itself after this long without an acknowledgement.
  milliseconds fence{7'000};
  /// How long a node that is gone stays in the list, for people.
  milliseconds remember{600'000};
  size_t max_nodes = 1'024;
};

/// Names the first value that makes no sense.
result<void> validate(const membership_config& config);

/// Which nodes there are and how they are: the failure detector and the node table. Time is given from outside (steady
/// milliseconds); nothing here knows of links or actors.
///
///            heartbeat          silent 3 s          silent 5 s, link closed, replaced
///      join ──> UP / DRAINING <───────────> SUSPECT ──────────> LOST ──> forgotten
///                       └──────── leave ───────┴──────────────> LEFT ──────┘
///
/// A session is one membership of one life of a node: from a join to the node's end. A name has at most one that lives.
class membership {
public:
  /// What happened to a node. A state of LOST or LEFT ends its session.
  struct change {
    uint64_t session = 0;
    v1::NodeStatus status;
    /// For people, where the node is gone.
    std::string reason;

    bool is_gone() const {
      return status.state() == v1::NODE_STATE_LOST || status.state() == v1::NODE_STATE_LEFT;
    }
  };

  using changes = std::vector<change>;

  struct joined {
    uint64_t session = 0;
    changes changed;
  };

  explicit membership(membership_config config) : config_{config} {}

  /// A node comes. The same life joining again (over a new link) ends its old session; another life takes over a name
  /// whose holder is gone or suspect. Fails with already_exists while another living node holds the name, fenced when
  /// this life was replaced by another one before, invalid_input on a malformed NodeInfo, resource_exhausted.
  result<joined> join(const v1::NodeInfo& node, int64_t now, int64_t wall_ms);

  /// A sign of life. Fails with fenced when this life of the node is no member (any more): it must join again.
  result<changes> heartbeat(const v1::Heartbeat& beat, int64_t now);

  /// Orderly. Of a life that is no member: nothing happens.
  changes leave(const v1::LeaveCluster& x, int64_t now);

  /// The link that carried the session is closed: lost at once. A session that has ended: nothing happens.
  changes link_closed(uint64_t session, int64_t now);

  /// No new tasks for the node, until a new life of it joins. Fails with not_found.
  result<changes> drain(const std::string& name, int64_t now);

  /// Finds who has been silent for too long. To be called a few times per heartbeat interval. After a pause of the
  /// caller itself (stopped, suspended) nobody is blamed for it: the silence of that time does not count.
  changes tick(int64_t now);

  /// Sorted by name.
  v1::NodeList list(int64_t now) const;

  /// Whether `session` is the living one of the node of that name.
  bool is_session_of(uint64_t session, const std::string& name) const;

  /// Nodes by state (index = v1::NodeState).
  std::array<size_t, v1::NodeState_ARRAYSIZE> counts() const;

private:
  struct member {
    uint64_t session = 0;
    v1::NodeStatus status;
    bool draining = false;
    int64_t last_sign = 0;
    /// Lives that were replaced, newest last; a few are enough to turn away the one that wakes up.
    std::deque<std::string> replaced;

    bool is_alive() const {
      return status.state() != v1::NODE_STATE_LOST && status.state() != v1::NODE_STATE_LEFT;
    }
  };

  change end(member& x, v1::NodeState state, std::string reason, int64_t now);
  void settle(member& x, v1::NodeState state, int64_t now, changes& out);
  result<void> make_room();

  membership_config config_;
  std::map<std::string, member> members_;
  uint64_t last_session_ = 0;
  int64_t last_tick_ = -1;
};

/// Whether a node describes itself well: names, sizes, numbers.
result<void> validate(const v1::NodeInfo& node);

} // namespace troupe
