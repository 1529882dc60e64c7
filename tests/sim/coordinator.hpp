#pragma once

#include "tests/sim/network.hpp"
#include "tests/sim/run_actor.hpp"

#include "runtime/cluster/membership.hpp"
#include "runtime/dispatch/dispatcher_core.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>

namespace troupe::sim {

/// One life of a coordinator process: the coordinator, dispatcher, registry and link actors without their actors.
class coordinator final : public run_neighbours {
public:
  coordinator(context& world, process& home, network& net, store_service& store);
  coordinator(const coordinator&) = delete;
  coordinator& operator=(const coordinator&) = delete;
  ~coordinator();

  /// Answers what a node does when it starts: listens, and takes up the runs that nobody has.
  void start();

  /// Takes up the runs that nobody has.
  void resume();

  /// One of its run coordinators dies.
  void crash_run(uint64_t which);

  /// Tasks that the dispatcher still holds; 0 once all runs are over and all nodes have answered.
  size_t held_tasks() const;

private:
  /// The agent host of another process as this side sees it (actors/link/worker_link).
  struct worker_link {
    uint64_t id = 0;
    socket link;
    std::string name;
    std::string boot_id;
    usec last_sign = 0;
    bool has_sink = false;
  };
  using worker_link_ptr = std::shared_ptr<worker_link>;

  struct active_run {
    std::shared_ptr<run_actor> actor;
    uint64_t id = 0;
  };

  struct node_handle {
    std::string boot_id;
    uint64_t host = 0;
  };

  enum actor : uint64_t { self = 1, dispatcher = 2, registry = 3, first_free = 100 };

  // coordinator.cpp: links and runs
  connection::handlers accept(socket link, const std::string& role, const std::string& boot_id);
  connection::handlers accept_worker(socket link, const std::string& boot_id);
  connection::handlers accept_client(socket link);
  void from_worker(const worker_link_ptr& from, v1::Envelope& message);
  void watch(const worker_link_ptr& link);
  void end(const worker_link_ptr& link, const char* why);
  void from_client(const socket& link, v1::Envelope& message);
  void submit(const v1::SubmitRun& request, std::function<void(result<std::string>)> then);
  void launch(const v1::RunSummary& summary, workflow_ptr definition, std::vector<v1::RunEvent> events, bool resumed);
  void adopt(const v1::RunSummary& stored);
  void cancel(const socket& link, uint64_t id, const v1::CancelRun& request);
  void answer_question(const socket& link, uint64_t id, const v1::AnswerQuestion& request);
  void could_not_take_up(const std::string& run, const error& why);
  void queue_tasks(uint64_t owner, task_batch batch) override;
  void cancel_tasks(uint64_t owner, v1::CancelBatch batch) override;
  void answer_operations(v1::OpAnswerBatch batch) override;
  void run_ended(uint64_t owner, const std::string& run, bool fenced) override;

  // coordinator_cluster.cpp: dispatcher and registry
  void take_results(uint64_t host, const v1::ResultBatch& batch);
  void take_operations(uint64_t host, const v1::OpBatch& batch);
  void pass_on(const v1::OpAnswerBatch& batch);
  void update_node(const v1::NodeStatus& status, uint64_t host);
  void drop_node(const std::string& node, const std::string& boot_id, const std::string& reason);
  void changed();
  void flush();
  void dispatcher_tick();
  void registry_tick();
  void join(const worker_link_ptr& from, uint64_t id, const v1::JoinCluster& request);
  void publish(const membership::changes& changes);
  void link_down(uint64_t link);
  void check_bounds();

  template <class T>
  void post(uint64_t to, T what) {
    world_.post(home_, to, std::move(what));
  }

  context& world_;
  process& home_;
  network& net_;
  store_service& store_;
  uint64_t last_id_ = first_free;
  random_source random_;

  std::map<std::string, active_run> runs_;
  std::set<std::string> adopting_;
  std::unordered_map<uint64_t, std::shared_ptr<run_actor>> owners_;

  dispatcher_core core_;
  std::map<std::string, node_handle> nodes_;
  std::unordered_map<uint64_t, std::string> node_of_;
  std::unordered_map<std::string, uint32_t> capacity_of_;
  /// Most credits that all nodes together ever gave.
  uint64_t most_room_ = 0;
  bool flush_is_due_ = false;
  bool resume_is_due_ = false;

  membership members_;
  /// By session.
  std::map<uint64_t, uint64_t> hosts_;
  std::unordered_map<uint64_t, worker_link_ptr> links_;
};

} // namespace troupe::sim
