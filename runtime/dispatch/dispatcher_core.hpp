#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/task_batch.hpp"
#include "runtime/policy/circuit_breaker.hpp"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

struct dispatcher_config {
  /// Tasks that wait at once; more are answered with ERROR_CODE_RESOURCE_EXHAUSTED. Range: 1 and up.
  size_t max_queued = 200'000;
  /// Bytes of tasks that wait at once. Range: 1 and up.
  uint64_t max_queued_bytes = uint64_t{1} << 30;
  /// How long a task waits while no node can run it at all, before it fails with ERROR_CODE_UNAVAILABLE. Range: 0 and
  /// up.
  milliseconds unplaceable_after{10'000};
  /// The same while there are no nodes at all: workers that lost their coordinator need some seconds to find it again.
  milliseconds no_nodes_after{60'000};
  /// So many rejections by nodes end a task. Range: 1 and up.
  uint32_t max_rejections = 5;
  /// After a rejection the node gets no tasks of the same agent for so long; up to 16 times as long when it goes on
  /// rejecting. Range: 0 to 60 000.
  milliseconds rejection_pause{250};
  /// A node is given as much work of an agent as the agent's instances have in hand, and this much more by the agent's
  /// own time for a task: see work_ahead. Range: 1 to 60 000.
  milliseconds ahead{100};
  /// How long after its time limit an attempt may be without an answer, before its node is taken to have forgotten it.
  /// Hosts keep the limit themselves; this is for a host that does not. Covers what an agent's restart takes. Range: 0
  /// and up.
  milliseconds answer_grace{30'000};
  /// A task whose node was lost so often may be why: it goes only where no other such task is, so that the next loss
  /// tells which of them it was. Range: 1 and up.
  uint32_t suspect_after = 3;
  /// Bounds of one task_batch; a single task may exceed max_batch_bytes. Range: 1 and up.
  size_t max_batch_tasks = 256;
  size_t max_batch_bytes = size_t{512} << 10;
  /// Definitions, with the state of their breakers, that are kept although nobody uses them.
  size_t max_idle_agents = 256;
  uint64_t seed = 1;
};

/// Names the first value that lies outside its range; empty when there is none.
std::string validate(const dispatcher_config& config);

/// Who gets the outcome of a task; a number that the shell gives out, never 0 and never again.
using owner_id = uint64_t;

/// What the shell is to send, in this order.
struct dispatch_actions {
  struct cancels {
    std::string node;
    v1::CancelBatch batch;
  };
  struct tasks {
    std::string node;
    task_batch batch;
  };
  struct outcome {
    owner_id owner = 0;
    v1::ResultBatch results;
    std::vector<v1::TaskLost> losses;
  };
  struct breaker_change {
    std::string agent;
    circuit_breaker::state state;
  };

  std::vector<cancels> to_cancel;
  std::vector<tasks> batches;
  std::vector<outcome> outcomes;
  /// For observers: how long each task of `batches` had waited, and which breakers changed.
  std::vector<int64_t> waits_ms;
  std::vector<breaker_change> breakers;
};

/// Numbers for observers. Those of the second group only grow.
struct dispatcher_stats {
  size_t queued = 0;
  size_t outstanding = 0;
  /// Tasks that nodes which are up would still take.
  uint64_t credits = 0;

  uint64_t dispatched = 0;
  /// Attempts whose node went away.
  uint64_t lost = 0;
  /// Attempts that a living node did not answer in time.
  uint64_t overdue = 0;
  /// Results for attempts that had ended or had been moved.
  uint64_t late = 0;
  /// Results for attempts that nobody remembers.
  uint64_t unknown = 0;
  /// Results under another epoch than the attempt was sent with.
  uint64_t fenced = 0;
  /// Tasks that found no room, here or on a node.
  uint64_t no_room = 0;
  /// Tasks that a node did not want for another reason.
  uint64_t refused = 0;
};

/// The DISPATCHER as a pure state machine: which task goes to which node, and who learns what about it.
///
///            tasks_queued              flush                results
///   owner ────────────────▶ queued ────────────▶ outstanding ───────▶ result to the owner
///                             ▲  │                  │  │
///                             └──┼── rejected ──────┘  └─ node_gone ─▶ TaskLost to the owner
///                                └─ cancel, owner_gone: dropped
///
/// - An attempt that a living node should have answered and has not (see signs_of_work) ends as timed out, and gives
/// its
///   credit back. One without a time limit waits for as long as its node lives.
/// - A task ends in exactly one result or TaskLost to its owner, unless the owner cancels it or goes away.
/// - A node never has more tasks outstanding than its capacity. A cancelled task keeps its credit until the node has
///   answered. Of one agent it has no more than keeps the agent's instances busy for a moment: see work_ahead.
/// - Queues: see fair_queue; there is one per agent and placement, and these compete by the same rule. Tasks of one
///   owner, priority, agent and placement leave in order; one whose node was lost leaves before those.
/// - An open breaker answers tasks with ERROR_CODE_CIRCUIT_OPEN; while its trial is out they wait.
///
/// Events change the state, `flush` sends: call it after a burst of events, so that batches form. Cost: O(log owners)
/// per task; a flush adds O(lanes + nodes), and a change of a node O(lanes).
///
/// `now_ms` is a steady clock that never goes back.
class dispatcher_core {
public:
  explicit dispatcher_core(dispatcher_config config = {});
  ~dispatcher_core();
  dispatcher_core(dispatcher_core&&) noexcept;
  dispatcher_core& operator=(dispatcher_core&&) noexcept;

  /// Takes definitions and tasks. A task that is here already (same run, task, attempt, epoch and owner) is ignored.
  /// Ends at once with a result: tasks without definition (ERROR_CODE_NOT_FOUND), beyond the bound of the queue
  /// (ERROR_CODE_RESOURCE_EXHAUSTED), of an agent whose breaker is open (ERROR_CODE_CIRCUIT_OPEN).
  void tasks_queued(owner_id owner, task_batch batch, int64_t now_ms);

  /// Nothing more will be said to the owner about these tasks. Unknown ones are ignored.
  void cancel(const v1::CancelBatch& batch);

  /// A node came or changed. Another boot id than before means that the earlier life is gone.
  void node_changed(const v1::NodeStatus& status, int64_t now_ms);

  /// Everything the node had is lost. Ignored unless `boot_id` is that of its current life, or empty.
  void node_gone(const std::string& node, const std::string& boot_id, const std::string& reason, int64_t now_ms);

  /// Results from a node. Each counts only if exactly this attempt is outstanding there, under this epoch.
  void results(const std::string& node, v1::ResultBatch batch, int64_t now_ms);

  /// Drops what it has in the queue and cancels what is outstanding.
  void owner_gone(owner_id owner);

  /// Ends waits that have lasted too long, in the queue and on nodes. To be called a few times per second, followed by
  /// `flush`.
  void tick(int64_t now_ms);

  /// Sends what can be sent. `wall_ms` is stamped on the tasks.
  dispatch_actions flush(int64_t now_ms, int64_t wall_ms);

  dispatcher_stats stats() const;

  /// Whom to tell about the progress of an attempt; 0 = nobody.
  owner_id owner_of(const std::string& run_id, uint32_t task, uint32_t attempt) const;

  /// Where an attempt is outstanding; empty when it is nowhere.
  std::string node_of(const std::string& run_id, uint32_t task, uint32_t attempt) const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe
