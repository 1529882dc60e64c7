#pragma once

#include "tests/sim/context.hpp"

#include "runtime/host/host_core.hpp"
#include "troupe/v1/task.pb.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

namespace troupe::sim {

/// How agents behave. What an attempt does depends on the seed and the attempt alone, so that a world with fewer faults
/// has the same agents.
struct agent_manners {
  uint64_t seed = 0;
  /// Share of attempts that do not simply succeed.
  double trouble = 0;
  /// From then on everybody behaves.
  usec calm_from = 0;
};

/// The agents of one life of a worker, under a host core (actors/agents/agent_host without actors).
class agent_host {
public:
  using results_handler = std::function<void(uint64_t sink, v1::ResultBatch)>;

  agent_host(context& world, process& home, const agent_manners& manners, uint32_t capacity, results_handler results);

  void submit(task_batch batch, uint64_t sink);
  void cancel(const v1::CancelBatch& batch);
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
    bool obeys_cancel = true;
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
  void schedule_tick();

  context& world_;
  process& home_;
  const agent_manners& manners_;
  results_handler results_;
  uint32_t capacity_;
  host_core core_;
  std::map<uint64_t, instance> instances_;
  std::map<uint64_t, execution> executions_;
  uint64_t last_execution_ = 0;
  std::map<uint64_t, v1::ResultBatch> outbox_;
  int64_t next_tick_ = INT64_MAX;
};

} // namespace troupe::sim
