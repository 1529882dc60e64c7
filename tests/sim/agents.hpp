#pragma once

#include "tests/sim/context.hpp"
#include "tests/sim/member.hpp"

#include "runtime/host/host_core.hpp"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/team.pb.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

namespace troupe::sim {

/// How agents behave. What an attempt does depends on the seed and the attempt alone, so that a world with fewer faults
/// has the same agents.
struct agent_manners {
  uint64_t seed = 0;
  /// Share of attempts that do not simply succeed.
  double trouble = 0;
  /// Members of teams do no more than so many things in a turn.
  size_t most_acts = SIZE_MAX;
  /// From then on everybody behaves.
  usec calm_from = 0;
};

/// How one attempt goes. A member of a team does so in the middle of its turn.
enum class agent_deed : uint8_t { answer, fail_for_now, fail_for_good, crash, hang, ignore_cancel, late, nonsense };

/// Whoever sends tasks and hears what became of them; by number.
struct host_sinks {
  std::function<void(uint64_t sink, v1::ResultBatch)> results;
  std::function<void(uint64_t sink, v1::OpBatch)> operations;
};

/// The agents of one life of a worker, under a host core (actors/agents/agent_host without actors).
class agent_host {
public:
  agent_host(context& world, process& home, const agent_manners& manners, uint32_t capacity, host_sinks sinks);

  void submit(task_batch batch, uint64_t sink);
  void cancel(const v1::CancelBatch& batch);
  /// What became of operations of its members.
  void answered(const v1::OpAnswerBatch& batch);
  /// Takes nothing more.
  void drain();

  /// Tasks that wait or run.
  size_t load() const;

private:
  struct instance {
    uint64_t agent = 0;
    bool up = false;
    bool abandoned = false;
    /// Counts the restarts: what an earlier life of the instance was about to do never happens.
    uint64_t life = 1;
  };

  struct execution {
    uint64_t instance = 0;
    uint64_t life = 0;
    v1::Task task;
    agent_deed what = agent_deed::answer;
    bool obeys_cancel = true;
    // Of a member of a team:
    std::unique_ptr<member> mind = nullptr;
    /// So many operations before it does `what`.
    uint32_t stops_after = UINT32_MAX;
    usec pace = 0;
  };

  /// An operation that waits for its answer: of which execution, and what it was.
  struct waiting_op {
    uint64_t execution = 0;
    v1::TaskOp op;
    std::string token;
  };
  using op_key = std::tuple<std::string, uint32_t, uint32_t, uint32_t>;

  /// What leaves for a sink together.
  struct parcel {
    v1::OpBatch operations;
    v1::ResultBatch results;
  };

  int64_t now() const {
    return world_.time.now();
  }
  void apply();
  void act(host_action::start_instance& x);
  void act(host_action::abandon_instance& x);
  void act(host_action::stop_agent& x);
  void act(host_action::run_task& x);
  void act(host_action::cancel_task& x);
  void act(host_action::answer& x);
  void come_up(uint64_t id, usec after);
  void crash(uint64_t id);
  void finish(uint64_t number, v1::TaskResult result);
  void answer_later(uint64_t number, usec after, v1::TaskResult result);
  v1::TaskResult result_of(const execution& job) const;
  /// Crashes or hangs; false when the attempt is to end with a result.
  bool misbehave(uint64_t number, usec after);
  void schedule_tick();
  parcel& outbox(uint64_t sink);

  // agents_in_turn.cpp: members of teams
  void go_on_later(uint64_t number);
  void go_on(uint64_t number);
  void operate(uint64_t number, const member_op& x);
  void hear(uint64_t number, uint32_t operation, const v1::OpAnswer& answer);
  void forget_operations(const v1::TaskResult& x);

  context& world_;
  process& home_;
  const agent_manners& manners_;
  host_sinks sinks_;
  uint32_t capacity_;
  host_core core_;
  std::map<uint64_t, instance> instances_;
  std::map<uint64_t, execution> executions_;
  uint64_t last_execution_ = 0;
  std::map<uint64_t, parcel> outbox_;
  std::map<op_key, waiting_op> operations_;
  int64_t next_tick_ = INT64_MAX;
};

} // namespace troupe::sim
