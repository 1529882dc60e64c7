// Both ends of links over real sockets: a coordinator's process, workers and clients.
#include "actors/cluster/registry.hpp"
#include "actors/link/accept_peers.hpp"
#include "actors/link/cluster_link.hpp"
#include "actors/link/link_client.hpp"
#include "actors/system_clock.hpp"
#include "tests/actors/link/fake_cluster.hpp"
#include "tests/actors/link/mailbox.hpp"
#include "tests/actors/link/raw_peer.hpp"
#include "tests/support/real_actors.hpp"

#include <caf/typed_event_based_actor.hpp>
#include <prometheus/registry.h>

#include <atomic>

namespace troupe {
namespace {

using test::mailbox;
using test::patience;
using test::patient;
using namespace std::chrono_literals;

link_config process(const std::string& name, const std::string& role) {
  link_config out;
  out.self.set_name(name);
  out.self.set_boot_id(name + "-boot");
  out.self.set_role(role);
  out.self.set_cluster("test");
  return out;
}

struct link_test : test::real_actors {
  struct node_change {
    v1::NodeStatus status;
    agent_host_actor host;
    std::string gone;
  };

  std::shared_ptr<clock> time = std::make_shared<system_clock>();
  prometheus::Registry metrics;
  std::shared_ptr<test::cluster_log> cluster = std::make_shared<test::cluster_log>();
  std::shared_ptr<mailbox<node_change>> changes = std::make_shared<mailbox<node_change>>();
  std::shared_ptr<mailbox<v1::TaskResult>> results = std::make_shared<mailbox<v1::TaskResult>>();
  dispatcher_actor dispatcher =
      sys.spawn([changes_to = changes, results_to = results]() -> dispatcher_actor::behavior_type {
        return {
            [](const task_batch&, const task_owner_actor&) {},
            [](const v1::CancelBatch&) {},
            [results_to](const v1::ResultBatch& x) {
              for (auto& result : x.results())
                results_to->put(result);
            },
            [](const v1::ProgressBatch&) {},
            [](const v1::OpBatch&) {},
            [](const v1::OpAnswerBatch&) {},
            [changes_to](const v1::NodeStatus& x, const agent_host_actor& host) {
              changes_to->put({x, host, {}});
            },
            [changes_to](const v1::LeaveCluster& x) {
              changes_to->put({{}, {}, x.node()});
            },
        };
      });
  registry_self_actor members = sys.spawn(registry, registry_settings(), dispatcher, time, registry_probe{metrics});
  coordinator_actor coordinator = test::spawn_coordinator(sys, cluster);
  std::shared_ptr<link_transport> coordinator_process =
      std::make_shared<link_transport>(process("c1", "coordinator"), &metrics);
  address at;
  std::vector<caf::actor> workers;
  std::vector<std::shared_ptr<link_transport>> worker_processes;

  link_test() {
    at = listen({"127.0.0.1", 0});
  }

  ~link_test() override {
    for (auto& x : worker_processes)
      x->stop();
    coordinator_process->stop();
    cluster->unanswered.clear();
    cluster->watchers.clear();
    auto actors = workers;
    actors.insert(actors.end(), {caf::actor_cast<caf::actor>(dispatcher), caf::actor_cast<caf::actor>(members),
                                 caf::actor_cast<caf::actor>(coordinator)});
    for (auto& x : actors)
      self->send_exit(x, caf::exit_reason::kill);
    // They count in `metrics`, which goes before the actor system does.
    self->wait_for(actors);
  }

  static registry_config registry_settings() {
    registry_config out;
    out.coordinator_name = "c1";
    out.coordinator_boot_id = "c1-boot";
    out.membership.heartbeat = patient(100ms);
    out.membership.suspect = patient(1'000ms);
    out.membership.lost = patient(2'000ms);
    out.membership.fence = patient(3'000ms);
    out.tick = 50ms;
    return out;
  }

  address listen(const address& where) {
    auto bound = coordinator_process->listen(
        where,
        accept_peers(sys, {}, {[this] { return registry_actor{members}; }, [this] { return coordinator; }}, time));
    EXPECT_TRUE(bound) << bound.error().message;
    return bound ? *bound : address{};
  }

  /// A worker whose agent answers every task with its input.
  cluster_link_actor start_worker(const std::string& name) {
    auto host = sys.spawn([]() -> agent_host_actor::behavior_type {
      return {
          [](const task_batch& batch, const result_sink_actor& sink) {
            v1::ResultBatch out;
            for (auto& task : batch.tasks) {
              auto& x = *out.add_results();
              x.set_run_id(task->run_id());
              x.set_task(task->task());
              x.set_attempt(task->attempt());
              x.set_status(v1::TASK_STATUS_SUCCESS);
              *x.mutable_output() = task->input();
            }
            caf::anon_send(sink, std::move(out));
          },
          [](const v1::CancelBatch&) {},
          [](const v1::OpAnswerBatch&) {},
          [](const v1::DrainNode&) { return v1::Ack{}; },
      };
    });
    auto transport = std::make_shared<link_transport>(process(name, "worker"));
    cluster_link_config config;
    config.coordinator = at;
    config.node.set_name(name);
    config.node.set_boot_id(name + "-boot");
    config.node.set_capacity(16);
    auto out = sys.spawn(cluster_link, config, transport, host, time, cluster_link_probe{metrics});
    worker_processes.push_back(transport);
    workers.push_back(caf::actor_cast<caf::actor>(out));
    workers.push_back(caf::actor_cast<caf::actor>(host));
    return out;
  }

  agent_host_actor await_up(const std::string& name) {
    while (auto x = changes->take())
      if (x->status.info().name() == name && x->status.state() == v1::NODE_STATE_UP)
        return x->host;
    ADD_FAILURE() << name << " did not come up";
    return {};
  }

  std::unique_ptr<link_client> client() {
    link_client_options options;
    options.cluster = "test";
    auto out = link_client::connect(to_string(at), options);
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : nullptr;
  }

  static v1::Envelope invoke(const std::string& agent, const std::string& text = {}) {
    v1::Envelope out;
    out.mutable_invoke_agent()->set_agent(agent);
    out.mutable_invoke_agent()->mutable_message()->mutable_content()->set_data(text);
    return out;
  }
};

TEST_F(link_test, runs_tasks_on_the_host_of_another_process) {
  start_worker("w1");
  auto host = await_up("w1");
  ASSERT_TRUE(host);
  v1::TaskBatch batch;
  for (uint32_t i = 0; i < 1'000; ++i) {
    auto& task = *batch.add_tasks();
    task.set_run_id("r");
    task.set_task(i);
    task.set_attempt(1);
    task.mutable_input()->set_data(std::to_string(i));
  }
  self->send(host, task_batch{batch}, caf::actor_cast<result_sink_actor>(dispatcher));
  for (uint32_t i = 0; i < 1'000; ++i) {
    auto x = results->take();
    ASSERT_TRUE(x) << "result " << i;
    EXPECT_EQ(x->output().data(), std::to_string(x->task()));
    EXPECT_EQ(x->node(), "w1");
  }
}

TEST_F(link_test, loses_a_worker_at_once_when_its_process_ends) {
  start_worker("w1");
  ASSERT_TRUE(await_up("w1"));
  auto began = time->steady_ms();
  worker_processes.back()->stop();
  auto gone = changes->take();
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->gone, "w1");
  EXPECT_LT(time->steady_ms() - began, patient(900ms).count()) << "not only when it is suspected for its silence";
}

TEST_F(link_test, comes_back_after_the_coordinator_was_away) {
  start_worker("w1");
  ASSERT_TRUE(await_up("w1"));
  coordinator_process->stop();
  ASSERT_TRUE(changes->take());
  coordinator_process = std::make_shared<link_transport>(process("c1", "coordinator"));
  listen(at);
  EXPECT_TRUE(await_up("w1"));
}

TEST_F(link_test, lets_a_worker_leave_in_good_order) {
  auto worker = start_worker("w1");
  ASSERT_TRUE(await_up("w1"));
  v1::LeaveCluster goodbye;
  goodbye.set_reason("SIGTERM");
  bool left = false;
  self->request(worker, patience, goodbye).receive([&](const v1::Ack&) { left = true; }, [](const caf::error&) {});
  EXPECT_TRUE(left);
  EXPECT_EQ(changes->take()->gone, "w1");
}

TEST_F(link_test, answers_a_client_and_fails_what_is_pending_when_it_goes) {
  auto c = client();
  ASSERT_TRUE(c);
  EXPECT_EQ(c->peer().name(), "c1");
  auto echo = c->ask(invoke("echo", "hello"), patience);
  ASSERT_TRUE(echo) << echo.error().message;
  EXPECT_EQ(echo->task_result().output().data(), "hello");
  v1::Envelope unknown;
  unknown.mutable_get_run()->set_run_id("r9");
  auto missing = c->ask(unknown, patience);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, v1::ERROR_CODE_NOT_FOUND);

  mailbox<link_client::answer> pending;
  c->request(invoke("silent"), 60s, [&](link_client::answer x) { pending.put(std::move(x)); });
  ASSERT_TRUE(c->ask(invoke("echo"), patience)) << "so that the request before it is there, too";
  coordinator_process->stop();
  auto failed = pending.take();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->error().code, v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_FALSE(c->is_connected());
  EXPECT_EQ(c->ask(invoke("echo"), patience).error().code, v1::ERROR_CODE_UNAVAILABLE);
}

TEST_F(link_test, answers_a_client_by_its_deadline) {
  auto c = client();
  ASSERT_TRUE(c);
  auto late = c->ask(invoke("silent"), 50ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, v1::ERROR_CODE_TIMED_OUT);
  EXPECT_TRUE(c->ask(invoke("echo"), patience)) << "the connection is as good as before";
}

TEST_F(link_test, serves_many_requests_at_once_from_many_threads) {
  auto c = client();
  ASSERT_TRUE(c);
  constexpr int threads = 4;
  constexpr int each = 500;
  std::atomic<int> right{0};
  std::vector<std::thread> askers;
  for (int t = 0; t < threads; ++t)
    askers.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        auto text = std::to_string(t) + "/" + std::to_string(i);
        auto x = c->ask(invoke("echo", text), patience);
        right += x && x->task_result().output().data() == text;
      }
    });
  for (auto& x : askers)
    x.join();
  EXPECT_EQ(right, threads * each);
}

TEST_F(link_test, streams_a_run_to_its_end) {
  auto c = client();
  ASSERT_TRUE(c);
  mailbox<v1::RunUpdate> updates;
  mailbox<result<void>> ended;
  c->watch("r1", patience,
           {[&](v1::RunUpdate x) { updates.put(std::move(x)); }, [&](result<void> x) { ended.put(x); }});
  v1::Envelope other;
  other.mutable_list_runs();
  ASSERT_TRUE(c->ask(other, patience)) << "so that the watch before it is there, too";
  run_watcher_actor watcher = cluster->watchers.at(0);
  v1::RunUpdate update;
  update.set_seq(1);
  self->send(watcher, update);
  update.set_seq(2);
  update.mutable_run_finished();
  self->send(watcher, update);
  EXPECT_EQ(updates.take()->seq(), 1u);
  EXPECT_EQ(updates.take()->seq(), 2u);
  auto end = ended.take();
  ASSERT_TRUE(end && *end);

  c->watch("none", patience, {[](const v1::RunUpdate&) {}, [&](result<void> x) { ended.put(x); }});
  auto missing = ended.take();
  ASSERT_TRUE(missing && !*missing);
  EXPECT_EQ(missing->error().code, v1::ERROR_CODE_NOT_FOUND);

  c->watch("r2", patience, {[](const v1::RunUpdate&) {}, [&](result<void> x) { ended.put(x); }});
  ASSERT_TRUE(c->ask(other, patience));
  coordinator_process->stop();
  auto lost = ended.take();
  ASSERT_TRUE(lost && !*lost);
  EXPECT_EQ(lost->error().code, v1::ERROR_CODE_UNAVAILABLE);
}

TEST_F(link_test, tells_a_client_why_it_cannot_connect) {
  link_client_options foreign;
  foreign.cluster = "other";
  EXPECT_EQ(link_client::connect(to_string(at), foreign).error().code, v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(link_client::connect("nowhere", {}).error().code, v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(link_client::connect("192.0.2.1:7400", {}).error().code, v1::ERROR_CODE_FORBIDDEN);
  coordinator_process->stop();
  EXPECT_EQ(link_client::connect(to_string(at), {}).error().code, v1::ERROR_CODE_UNAVAILABLE);
}

TEST_F(link_test, serves_workers_and_clients_while_a_hostile_worker_talks) {
  start_worker("w1");
  ASSERT_TRUE(await_up("w1"));
  auto c = client();
  ASSERT_TRUE(c);
  test::raw_peer hostile(at);
  ASSERT_TRUE(hostile.say(test::raw_peer::hello("worker", "evil", "evil-1")));
  auto greeting = hostile.hear();
  ASSERT_TRUE(greeting.has_hello());
  // Another's name, results nobody asked for, a beat for somebody else, a client's request.
  auto say = [&](uint64_t id, auto fill) {
    v1::Envelope x;
    x.set_id(id);
    x.set_to_boot_id("c1-boot");
    fill(x);
    hostile.say(x);
    return hostile.hear().error().code();
  };
  EXPECT_EQ(say(1, [](auto& x) { x.mutable_join_cluster()->mutable_node()->set_name("w1"); }),
            v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(say(2, [](auto& x) { x.mutable_heartbeat()->set_node("w1"); }), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_EQ(say(3, [](auto& x) { x.mutable_list_nodes(); }), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(say(4,
                [](auto& x) {
                  x.mutable_join_cluster()->mutable_node()->set_name("evil");
                  x.mutable_join_cluster()->mutable_node()->set_boot_id("evil-1");
                  x.mutable_join_cluster()->mutable_node()->set_capacity(4'000'000'000);
                }),
            v1::ERROR_CODE_INVALID_INPUT);
  hostile.say("\xde\xad\xbe\xef\xde\xad\xbe\xef");
  EXPECT_TRUE(hostile.hears_the_end());
  EXPECT_TRUE(c->ask(invoke("echo"), patience));
  v1::Envelope list;
  list.mutable_list_nodes();
  auto nodes = c->ask(list, patience);
  ASSERT_TRUE(nodes);
  ASSERT_EQ(nodes->node_list().nodes_size(), 1);
  EXPECT_EQ(nodes->node_list().nodes(0).state(), v1::NODE_STATE_UP);
}

} // namespace
} // namespace troupe
