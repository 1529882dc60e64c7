#pragma once

#include "actors/agents/agent_catalog.hpp"
#include "actors/agents/agent_host.hpp"
#include "actors/cluster/dispatcher.hpp"
#include "actors/cluster/registry.hpp"
#include "actors/link/cluster_link.hpp"
#include "actors/link/worker_link.hpp"
#include "messages/errors.hpp"
#include "runtime/agents/function/function_agent.hpp"
#include "runtime/team/op_json.hpp"
#include "tests/actors/agents/simple_supervisor.hpp"
#include "tests/actors/link/fake_link.hpp"
#include "tests/actors/run/world.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::test {

/// One end of a connection between two processes: what is written waits until the test carries it to the other end.
class wire_end final : public fake_link {
public:
  wire_end(const std::string& peer_role, const std::string& peer, std::string own_boot)
      : fake_link{peer_role, peer}, own_boot_{std::move(own_boot)} {}

  const std::string& own_boot_id() const override {
    return own_boot_;
  }

private:
  std::string own_boot_;
};

using puppet_actor = agent_actor::extend<caf::reacts_to<v1::TaskOp>>;

/// An agent that does what the test says, and what it has heard.
struct puppet {
  std::deque<v1::Task> tasks;
  std::vector<v1::CancelTask> cancelled;
  /// To its operations, in the order in which they came.
  std::vector<v1::OpAnswer> answers;
  std::vector<error> failures;
  agent_context context;
  puppet_actor handle;

  std::vector<uint32_t> answered() const {
    std::vector<uint32_t> out;
    for (const auto& x : answers)
      out.push_back(x.number());
    return out;
  }
};

inline puppet_actor::behavior_type puppet_on_strings(puppet_actor::pointer self, puppet* strings) {
  return {
      [=](const v1::Task& task) -> caf::result<v1::TaskResult> {
        strings->tasks.push_back(task);
        return caf::delegated<v1::TaskResult>{};
      },
      [=](const v1::CancelTask& x) { strings->cancelled.push_back(x); },
      [=](const v1::TaskOp& op) {
        self->request(strings->context.operations, caf::infinite, op)
            .then([=](const v1::OpAnswer& x) { strings->answers.push_back(x); },
                  [=](const caf::error& why) { strings->failures.push_back(from_caf(why)); });
      },
  };
}

/// A worker's process: an agent host with puppets, and the link to the coordinator.
struct team_worker {
  std::string name;
  /// By agent; each has one instance here.
  std::map<std::string, puppet> puppets;
  supervisor_actor supervisor;
  agent_host_actor host;
  std::shared_ptr<fake_connector> connector = std::make_shared<fake_connector>();
  cluster_link_self_actor link;
  link_receiver receiver;
  /// The coordinator's side of it.
  worker_link_self_actor shadow;
  std::shared_ptr<wire_end> near;
  std::shared_ptr<wire_end> far;
  /// Nothing that the worker writes arrives any more; it is kept.
  bool silent = false;
  prometheus::Registry metrics;

  puppet& at(const std::string& agent) {
    return puppets[agent];
  }
};

/// Coordinator and workers in one thread: everything between an agent and its run is real, but for the sockets and the
/// disk.
struct team_cluster : world {
  dispatcher_actor queue = sys.spawn(troupe::dispatcher, dispatcher_settings(), dispatcher_probe{metrics});
  registry_self_actor members = sys.spawn(registry, registry_settings(), queue, time, registry_probe{metrics});
  std::map<std::string, std::unique_ptr<team_worker>> workers;
  coordinator_actor chief;

  team_cluster() {
    neighbours.dispatcher = queue;
    chief = spawn_coordinator("chief");
    for (auto name : {"w1", "w2"})
      add_worker(name);
    settle();
  }

  ~team_cluster() override {
    stop(chief);
    for (auto& [name, w] : workers) {
      w->receiver = {};
      w->connector->pending.clear();
      stop(w->link, w->shadow, w->host);
      for (auto& [agent, x] : w->puppets) {
        x.tasks.clear();
        x.context = {};
        if (x.handle)
          stop(x.handle);
        x.handle = nullptr;
      }
      auto children = ask<std::vector<child_status>>(w->supervisor, list_children{});
      for (auto& x : *children)
        self->send(w->supervisor, stop_child{x.id});
      stop(w->supervisor);
    }
    stop(members, queue);
  }

  dispatcher_shell_config dispatcher_settings() {
    dispatcher_shell_config out;
    out.time = time;
    return out;
  }

  static registry_config registry_settings() {
    registry_config out;
    out.coordinator_name = "c1";
    out.coordinator_boot_id = "c1-boot";
    return out;
  }

  void add_worker(const std::string& name) {
    auto made = std::make_unique<team_worker>();
    auto& w = *made;
    workers.emplace(name, std::move(made));
    w.name = name;
    auto catalog = std::make_shared<agent_catalog>();
    catalog->add_actor("puppet", [&w](const v1::AgentSpec& spec, const agent_context& context) -> result<agent_actor> {
      auto& x = w.at(spec.name());
      x.context = context;
      x.handle = context.system->spawn(puppet_on_strings, &x);
      return caf::actor_cast<agent_actor>(x.handle);
    });
    auto kinds = std::make_shared<agent_kinds>();
    kinds->add("function", std::make_shared<function_kind>(catalog));
    w.supervisor = sys.spawn(simple_supervisor, 0);
    agent_host_config host;
    host.limits.node = name;
    agent_host_neighbours around;
    around.kinds = kinds;
    around.context.system = &sys;
    around.context.node = name;
    around.supervisor = w.supervisor;
    around.make_agent_supervisor = [](caf::actor_system& s) { return s.spawn(simple_supervisor, 5); };
    w.host = spawn_agent_host(sys, host, around);
    cluster_link_config link;
    link.coordinator = {"127.0.0.1", 7400};
    link.node.set_name(name);
    link.node.set_boot_id(name + "-boot");
    link.node.set_capacity(100);
    link.node.add_kinds("function");
    (*link.node.mutable_labels())[name] = "yes";
    w.link = sys.spawn(cluster_link, link, w.connector, w.host, time, cluster_link_probe{w.metrics});
    run();
    w.near = std::make_shared<wire_end>("coordinator", "c1", name + "-boot");
    w.far = std::make_shared<wire_end>("worker", name, "c1-boot");
    w.shadow = sys.spawn(worker_link, worker_link_config{}, w.far, registry_actor{members}, time);
    w.receiver = w.connector->succeed(w.near);
  }

  team_worker& worker(const std::string& name) {
    return *workers.at(name);
  }

  /// Carries what was written on all wires until nothing moves any more.
  void settle() {
    for (auto moved = true; moved;) {
      moved = run() > 0;
      for (auto& [name, w] : workers) {
        for (auto& x : std::exchange(w->far->written, {})) {
          w->receiver.on_messages(fake_link::batch(std::move(x)));
          moved = true;
        }
        if (w->silent)
          continue;
        for (auto& x : std::exchange(w->near->written, {})) {
          self->send(w->shadow, link_messages{0, fake_link::batch(std::move(x))});
          moved = true;
        }
      }
    }
  }

  void pass(milliseconds span) {
    for (; span.count() > 0; span -= milliseconds{200}) {
      advance(milliseconds{200});
      settle();
    }
  }

  void begin(const std::string& yaml) {
    ASSERT_TRUE(ask<v1::RunAccepted>(chief, submission(yaml)));
    settle();
  }

  /// What the agent does during the oldest task that it has.
  void operate(puppet& agent, uint32_t number, const json& operation) {
    ASSERT_FALSE(agent.tasks.empty());
    self->send(agent.handle, address(agent.tasks.front(), number, operation));
    settle();
  }

  static v1::TaskOp address(const v1::Task& task, uint32_t number, const json& operation) {
    auto op = parse_operation(operation).value();
    op.set_run_id(task.run_id());
    op.set_task(task.task());
    op.set_attempt(task.attempt());
    op.set_epoch(task.epoch());
    op.set_number(number);
    return op;
  }

  void finish(puppet& agent, const json& output) {
    ASSERT_FALSE(agent.tasks.empty());
    auto result = success(agent.tasks.front(), output);
    agent.tasks.pop_front();
    caf::anon_send(caf::actor_cast<caf::actor>(agent.context.progress), std::move(result));
    settle();
  }

  /// Operations that the run's journal has.
  std::vector<v1::TaskOp> journaled() {
    std::vector<v1::TaskOp> out;
    auto run = seen->store.load("r1");
    for (const auto& x : run->events())
      if (x.has_task_operation())
        out.push_back(x.task_operation().op());
    return out;
  }
};

} // namespace troupe::test
