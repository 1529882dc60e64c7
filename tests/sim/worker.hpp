#pragma once

#include "tests/sim/agents.hpp"
#include "tests/sim/network.hpp"

#include "runtime/cluster/member_core.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::sim {

/// A worker's link to one coordinator: what actors/link/cluster_link is to a member_core in a process.
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
    return core_.has_ended();
  }

private:
  void perform();
  void perform(member_action::connect x);
  void perform(member_action::join);
  void perform(const member_action::beat& x);
  void perform(const member_action::say_goodbye& x);
  void perform(const member_action::cancel& x);
  void perform(const member_action::close_link& x);
  void perform(const member_action::joined& x);
  void perform(const member_action::lost& x);
  void perform(const member_action::refused&) {}
  void perform(member_action::left) {}
  void perform(member_action::end) {}

  connection::handlers opened(uint64_t round, socket link);
  void take(v1::Envelope& message);
  void run(v1::TaskBatch& batch);
  void send(v1::Envelope message);
  void tick();
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
  member_core core_;
  socket link_;
  uint64_t last_message_ = 0;
  uint64_t join_id_ = 0;
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
