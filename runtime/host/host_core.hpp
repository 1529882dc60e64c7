#pragma once

#include "runtime/host/deadline_heap.hpp"
#include "runtime/host/host_types.hpp"
#include "troupe/v1/agent.pb.h"
#include "troupe/v1/task.pb.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

/// Everything that an agent host decides, as a state machine: which task goes to which instance and when, and that each
/// task is answered exactly once. Knows no actors; instances and sinks are numbers that the shell gives a meaning.
///
/// One attempt of a task:
///
///              submit                  run_task                    finished
///     (unknown) ───▶ queued ─────────────────────────▶ running ───────────────▶ answered
///                      │ cancelled, timed out,            │ timed out, superseded, sink gone
///                      │ superseded, draining             ▼
///                      └──────────▶ answered           orphan (answered, but the agent still works)
///                                                         │ finished, instance down, or hung: replaced
///                                                         ▼
///                                                      forgotten
///
/// A cancelled task that runs stays `running` for the grace time: the agent may still answer by itself.
///
/// All times are microseconds of one steady clock. Not thread-safe.
class host_core {
public:
  explicit host_core(host_limits limits);

  // --- definitions ---

  /// A definition that came with a workflow; found by its hash. False when it is too large to be taken. `serial`: its
  /// instances work on one task at a time, in the order in which they get them, and hold what comes meanwhile; while
  /// they are quick they are given some tasks ahead, and need not wait for the next one each time.
  bool learn(const agent_spec_ptr& spec, int64_t now, bool serial = false);
  bool learn(const v1::AgentSpec& spec, int64_t now, bool serial = false) {
    return learn(std::make_shared<const v1::AgentSpec>(spec), now, serial);
  }

  /// One of the node's own agents: found by its name, never forgotten, its instances never idle out.
  void bring(const v1::AgentSpec& spec);

  /// Knows the node's own agent of this name.
  bool brings(const std::string& name) const;

  // --- tasks ---

  /// Takes a task over from its batch, or answers `rejected`. The same attempt again is dropped while it waits or runs;
  /// a newer attempt (or epoch) supersedes an older one, which is cancelled; an older one is rejected.
  void submit(task_ptr task, uint64_t sink, int64_t now);
  void submit(v1::Task&& task, uint64_t sink, int64_t now) {
    submit(std::make_shared<const v1::Task>(std::move(task)), sink, now);
  }

  /// Unknown attempts are ignored; attempt 0 is any.
  void cancel(const v1::CancelTask& x, int64_t now);

  /// From here on nothing new is taken; what waits is rejected, so that it goes elsewhere, and what runs may finish.
  void drain(int64_t now);

  /// A sink is gone (the coordinator died, or this node was cut off from it): its tasks are cancelled.
  void drop_sink(uint64_t sink, int64_t now);

  /// Where progress of this attempt goes; nothing when it has been answered.
  std::optional<uint64_t> progress_sink(const v1::TaskProgress& x) const;

  /// Whose attempt this is while it is not answered, and under which epoch its owner knows it now.
  struct attempt_owner {
    uint64_t sink = 0;
    uint64_t epoch = 0;
  };
  std::optional<attempt_owner> owner_of(const std::string& run_id, uint32_t task, uint32_t attempt) const;

  // --- agents ---

  void instance_up(uint64_t instance, int64_t now);

  /// It could not be made. Its siblings go on; without any the waiting tasks fail with `why`.
  void instance_failed(uint64_t instance, const v1::Error& why, int64_t now);

  /// It died; a supervisor starts it again under the same number.
  void instance_down(uint64_t instance, const std::string& reason, int64_t now);

  /// Its supervisor gave up: all instances are gone. The next task starts new ones.
  void agent_gone(uint64_t agent, const std::string& reason, int64_t now);

  /// The answer of an agent, found by its run, task and attempt.
  void finished(v1::TaskResult&& result, int64_t now) {
    finished(std::make_unique<v1::TaskResult>(std::move(result)), now);
  }
  void finished(result_ptr result, int64_t now);

  /// The same by the ticket of its run_task, whatever the result says of its identity. `run_us`: how long the agent
  /// worked on it, by its own account: of several that come at once, only the agent knows.
  void finished(uint64_t ticket, result_ptr result, int64_t run_us, int64_t now);

  // --- time ---

  std::optional<int64_t> next_deadline() const;

  void tick(int64_t now);

  // --- what follows ---

  /// What is to be done since the last call.
  std::vector<host_action::any> take_actions();

  /// The same into a vector whose memory is used again. Precondition: it is empty.
  void take_actions(std::vector<host_action::any>& into);

  host_load load() const;

  const host_counters& counters() const {
    return counters_;
  }

  /// Drained, and nothing waits or runs any more.
  bool drained() const;

  const std::string& node() const {
    return limits_.node;
  }

private:
  static constexpr uint32_t none = UINT32_MAX;

  enum class slot_state : uint8_t { free, queued, running, orphan };
  enum class instance_state : uint8_t { starting, up };

  struct agent;

  struct instance {
    uint64_t id = 0;
    agent* of = nullptr;
    instance_state state = instance_state::starting;
    bool abandoned = false;
    /// Is among `idle` of its agent.
    bool idle = false;
    /// Slots that are running or orphans, in the order in which it got them.
    std::vector<uint32_t> work;
  };

  struct waiting {
    uint32_t slot;
    uint32_t generation;
  };

  struct agent {
    uint64_t id = 0;
    std::shared_ptr<const v1::AgentSpec> spec;
    std::shared_ptr<const std::string> name;
    bool own = false;
    uint32_t concurrency = 1;
    uint32_t replicas = 1;
    bool serial = false;
    /// Moving average of a task's time; 0 = not known yet.
    int64_t pace_us = 0;
    std::vector<instance*> instances;
    /// Those that are up and have no work.
    std::vector<instance*> idle;
    size_t starting = 0;
    /// Slots at its instances.
    size_t working = 0;
    uint32_t hung = 0;
    /// By -priority, in order of arrival. Who leaves out of turn stays in his line, with an old generation.
    std::map<int64_t, std::deque<waiting>> lines;
    /// Slots that wait.
    size_t queued = 0;
    int64_t used_at = 0;
    bool idle_check_pending = false;
  };

  /// One accepted attempt. `generation` tells two users of the same slot apart in old heap entries.
  struct slot {
    slot_state state = slot_state::free;
    bool cancelled = false;
    /// An agent works on it; else it was given ahead, to a serial one.
    bool begun = false;
    uint32_t generation = 0;
    uint64_t key = 0;
    uint64_t sink = 0;
    int64_t arrived = 0;
    int64_t started = 0;
    /// 0 = none.
    int64_t deadline = 0;
    /// When a cancelled one that runs counts as hung.
    int64_t grace_until = 0;
    uint32_t timeout_ms = 0;
    agent* of = nullptr;
    instance* at = nullptr;
    size_t bytes = 0;
    uint32_t attempt = 0;
    uint64_t epoch = 0;
    std::string cancel_reason;
    task_ptr task;
  };

  /// The newest attempt of a task that came, waiting, running or answered.
  struct record {
    uint32_t attempt = 0;
    uint64_t epoch = 0;
    uint64_t sink = 0;
    /// `none` once it was answered.
    uint32_t slot = none;
  };

  struct run_entry {
    std::string id;
    size_t records = 0;
  };

  struct answered_entry {
    uint64_t key;
    uint32_t attempt;
    uint64_t epoch;
  };

  /// What a deadline is about: a slot of some generation, or (slot == none) an agent.
  struct due {
    uint32_t slot;
    uint32_t generation;
    uint64_t agent;
  };

  // Answers, records and slots: host_core_answers.cpp.
  /// `run_us`: how long the agent worked on it; by default since it began.
  void answer(uint32_t index, result_ptr result, int64_t now, std::optional<int64_t> run_us = std::nullopt);
  void answer_error(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message, bool retryable,
                    int64_t now);
  void answer_unaccepted(const v1::Task& task, uint64_t sink, result_ptr result);
  void reject(const v1::Task& task, uint64_t sink, v1::ErrorCode code, std::string message, bool retryable);
  /// Answers an accepted attempt without its agent, which is told to stop if it works on it.
  void give_up(uint32_t index, v1::TaskStatus status, v1::ErrorCode code, std::string message, bool retryable,
               int64_t now);
  uint64_t key_of(const std::string& run_id, uint32_t task);
  std::optional<uint64_t> find_key(const std::string& run_id, uint32_t task) const;
  void remember_answered(uint32_t index);
  /// Precondition: there is a record.
  void forget(uint64_t key);
  uint32_t take_slot();
  void free_slot(uint32_t index);
  void leave_queue(uint32_t index);
  /// `run_us`: how long the agent worked on it.
  void leave_instance(uint32_t index, int64_t run_us, int64_t now);
  void finished_slot(uint32_t index, result_ptr result, int64_t run_us, int64_t now);
  void finished_orphan(uint32_t index, int64_t now);
  const std::string& run_of(const slot& s) const {
    return s.task->run_id();
  }
  static uint32_t task_of(const slot& s) {
    return static_cast<uint32_t>(s.key);
  }

  // Agents and instances: host_core_agents.cpp.
  agent* find_agent(const v1::Task& task);
  agent& add_agent(agent_spec_ptr spec, bool own);
  static bool busy(const agent& a) {
    return a.queued + a.working > 0;
  }
  /// Precondition: something waits.
  uint32_t first_waiting(agent& a);
  /// Tasks that one instance is to have.
  static size_t room_of(const agent& a);
  /// Null when all have enough.
  instance* free_instance(agent& a) const;
  void now_idle(instance& x);
  void not_idle(instance& x);
  void forget_unused();
  /// Gives waiting tasks to free instances, and starts instances for those that still wait.
  void pump(agent& a, int64_t now);
  void run_on(instance& at, uint32_t index, int64_t now);
  void begin(uint32_t index, int64_t now);
  void tell_cancel(uint32_t index, const std::string& reason, int64_t now);
  void replace_hung(instance& x, int64_t now);
  void fail_work(instance& x, const std::string& reason, int64_t now);
  void fail_queue(agent& a, v1::TaskStatus status, const v1::Error& why, int64_t now);
  void watch_idle(agent& a, int64_t now);
  void check_idle(agent& a, int64_t now);
  void stop(agent& a);

  void check_slot(uint32_t index, int64_t now);
  void watch_slot(uint32_t index, int64_t at);

  host_limits limits_;
  bool draining_ = false;
  std::deque<slot> slots_;
  std::vector<uint32_t> free_slots_;
  /// (number of the run) << 32 | task → its newest attempt.
  std::unordered_map<uint64_t, record> records_;
  std::unordered_map<std::string, uint32_t> run_numbers_;
  /// The run that was asked for last: tasks come in batches of one.
  mutable uint32_t last_run_ = 0;
  std::vector<run_entry> runs_;
  std::vector<uint32_t> free_runs_;
  std::deque<answered_entry> answered_;
  std::unordered_map<uint64_t, std::unique_ptr<agent>> agents_;
  std::unordered_map<std::string, agent*> by_hash_;
  std::unordered_map<std::string, agent*> by_name_;
  std::unordered_map<uint64_t, std::unique_ptr<instance>> instances_;
  /// Answered attempts that an agent still works on.
  std::vector<uint32_t> orphans_;
  deadline_heap<due> deadlines_;
  std::vector<host_action::any> actions_;
  uint64_t last_id_ = 0;
  uint32_t queued_ = 0;
  uint32_t running_ = 0;
  size_t queued_bytes_ = 0;
  host_counters counters_;
};

} // namespace troupe
