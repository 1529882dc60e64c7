#pragma once

#include "runtime/core/task_batch.hpp"
#include "runtime/dispatch/fair_queue.hpp"
#include "runtime/dispatch/placement.hpp"
#include "runtime/dispatch/signs_of_work.hpp"
#include "runtime/dispatch/task_list.hpp"
#include "runtime/policy/bulkhead.hpp"
#include "runtime/policy/circuit_breaker.hpp"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstdint>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/// What the dispatcher's core remembers. Internal to runtime/dispatch.
namespace troupe::dispatch {

struct agent_entry;
struct lane;
struct node_entry;

/// One attempt, from its arrival to its end. Either queued (in its lane) or outstanding (`node` is set).
struct task_entry {
  task_ptr task;
  /// 0 = nobody waits for the result any more; only an outstanding task can be in this state.
  uint64_t owner = 0;
  /// Order of arrival.
  uint64_t seq = 0;
  uint64_t bytes = 0;
  int64_t queued_at_ms = 0;
  uint32_t rejections = 0;
  /// Nodes that were lost with the task on them.
  uint32_t losses = 0;
  lane* where = nullptr;
  fair_queue<task_entry>::ticket ticket = {};

  node_entry* node = nullptr;
  circuit_breaker::permit permit = {};
  int64_t dispatched_at_ms = 0;
  int64_t dispatched_wall_ms = 0;
  /// While it is outstanding: what the node lets see of the agent's work there, and the attempt's number among its.
  signs_of_work* signs = nullptr;
  uint64_t number = 0;
  /// The agent has begun with it at this time at the latest; nothing while it may still be waiting on the node.
  std::optional<int64_t> begun_by_ms = {};

  task_link in_owner = {};
  task_link in_lane = {};
  task_link in_node = {};
};

using tasks_of_owner = task_list<task_entry, &task_entry::in_owner>;
using tasks_of_lane = task_list<task_entry, &task_entry::in_lane>;
using tasks_of_node = task_list<task_entry, &task_entry::in_node>;

/// A node where the tasks of a lane may run.
struct site {
  static constexpr int64_t never = std::numeric_limits<int64_t>::max();

  node_entry* node = nullptr;
  double latency_ms = 0;
  /// Moving average of the agent's own time for a task; 0 = not known yet.
  double service_ms = 0;
  /// Tasks of the lane that are there now.
  uint64_t outstanding = 0;
  /// No tasks before this time: the node has rejected one. `never`: until the node changes.
  int64_t closed_until_ms = std::numeric_limits<int64_t>::min();
  /// In a row.
  uint32_t rejections = 0;
};

/// Tasks that can replace one another as far as dispatching goes: same agent, same placement. Eligible nodes are kept
/// per lane, so that no task is ever looked at twice because a node changed.
struct lane : std::enable_shared_from_this<lane> {
  uint64_t id = 0;
  agent_entry* agent = nullptr;
  placement_need need;
  fair_queue<task_entry> queue = {};
  /// What is in `queue`, oldest first; those that a node gave back are the oldest.
  tasks_of_lane arrivals = {};
  std::vector<site> sites = {};
  /// Since when no site is left (closed for ever counts as none).
  std::optional<int64_t> homeless_since_ms = {};
  /// Place in the competition of the lanes; kept while the lane is blocked, so that waiting counts.
  uint64_t tag = 0;
  /// Whether the lane takes part in it. One that is blocked (no credit, no room in the bulkhead, breaker's trial out)
  /// does not, until something is freed.
  bool ready = false;
};

/// An agent by the hash of its definition, or by name when nodes bring it along.
struct agent_entry {
  std::string key;
  /// Null for an agent without definition.
  agent_spec_ptr spec;
  bulkhead room{0};
  circuit_breaker breaker;
  circuit_breaker::state reported = circuit_breaker::state::closed;
  /// The one of `lanes` for tasks that ask for no labels: nearly all.
  lane* plain = nullptr;
  /// By placement. Shared: pauses refer to lanes that may be gone when they end.
  std::map<std::string, std::shared_ptr<lane>> lanes = {};
  /// Queued and outstanding.
  size_t tasks = 0;
  /// Owners that have sent the definition and may send tasks without it.
  size_t owners = 0;
  /// Set while nobody needs the agent.
  std::optional<std::list<agent_entry*>::iterator> idle = {};
  bool freed = false;
};

/// One life of a node.
struct node_entry {
  v1::NodeStatus status;
  tasks_of_node tasks = {};
  /// Agents whose definitions it has got.
  std::unordered_set<const agent_entry*> known = {};
  std::vector<lane*> lanes = {};
  /// By agent, for those that it has had tasks of.
  std::unordered_map<const agent_entry*, std::unique_ptr<signs_of_work>> signs = {};
  v1::CancelBatch cancels = {};
  /// Tasks that are there now and that may be what brings nodes down.
  size_t suspects = 0;
  bool freed = false;
  /// Position in dispatch_actions::batches of the batch that is being filled; nothing between flushes.
  std::optional<size_t> open_batch = {};
  size_t open_bytes = 0;

  const std::string& name() const {
    return status.info().name();
  }

  bool has_credit() const {
    return tasks.size() < status.info().capacity();
  }
};

struct owner_entry {
  tasks_of_owner tasks = {};
  /// Whose definitions it has sent.
  std::unordered_set<agent_entry*> agents = {};
  v1::ResultBatch results = {};
  std::vector<v1::TaskLost> losses = {};
  bool dirty = false;
};

} // namespace troupe::dispatch
