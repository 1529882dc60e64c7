#pragma once

#include "tests/sim/agents.hpp"
#include "tests/sim/network.hpp"

#include "runtime/cluster/reconnect_backoff.hpp"
#include "runtime/cluster/self_fence.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace troupe::sim {

/// A worker's link to one coordinator: actors/link/cluster_link without its actor.
class cluster_link {
public:
  cluster_link(context& world, process& home, process& coordinator, network& net, agent_host& host, uint64_t id,
               uint32_t capacity);

  void start();
  /// From the host.
  void pass_on(v1::ResultBatch batch);
  void pass_on(const v1::OpBatch& batch);
  /// Tells the coordinator that this node wants nothing more.
  void drain();
  /// Says goodbye.
  void leave();
  bool has_left() const {
    return stage_ == stage::gone;
  }

private:
  enum class stage { waiting, connecting, joining, member, leaving, gone };
  using task_key = std::tuple<std::string, uint32_t, uint32_t>;

  void connect();
  connection::handlers opened(uint64_t round, socket link);
  void take(v1::Envelope& message);
  void joined(const v1::JoinedCluster& x);
  void run(v1::TaskBatch& batch);
  void beat();
  void tick();
  void finish();
  void start_over(const std::string& why);
  void cancel_everything(const std::string& why);
  int64_t now() const {
    return world_.time.now_ms();
  }

  context& world_;
  process& home_;
  process& coordinator_;
  network& net_;
  agent_host& host_;
  uint64_t id_;
  uint32_t capacity_;
  reconnect_backoff backoff_;
  stage stage_ = stage::waiting;
  uint64_t round_ = 0;
  socket link_;
  int64_t due_ = 0;
  uint64_t last_message_ = 0;
  uint64_t join_id_ = 0;
  int64_t join_sent_ = 0;
  int64_t heartbeat_ = 1'000;
  int64_t next_beat_ = 0;
  uint64_t beats_ = 0;
  bool draining_ = false;
  std::optional<self_fence> fence_;
  std::set<task_key> tasks_;
};

/// One life of a worker process.
class worker {
public:
  worker(context& world, process& home, network& net, const std::vector<process*>& coordinators,
         const agent_manners& manners, uint32_t capacity);

  void start();

  /// As on SIGTERM: finishes what it has, says goodbye, and then calls.
  void terminate(std::function<void()> ended);

  size_t load() const {
    return host_.load();
  }

private:
  host_sinks sinks();
  void wind_up(usec deadline, std::function<void()> ended);

  context& world_;
  process& home_;
  agent_host host_;
  std::vector<std::unique_ptr<cluster_link>> links_;
};

} // namespace troupe::sim
