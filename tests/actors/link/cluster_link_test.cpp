#include "actors/link/cluster_link.hpp"

#include "messages/errors.hpp"
#include "tests/actors/link/fake_link.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/metric_value.hpp"

namespace troupe {
namespace {

using test::fake_connector;
using test::fake_link;

struct host_log {
  std::vector<v1::Task> tasks;
  std::vector<v1::CancelTask> cancelled;
  int drained = 0;
};

struct cluster_link_test : test::actor_fixture {
  std::shared_ptr<host_log> host_heard = std::make_shared<host_log>();
  prometheus::Registry metrics;
  std::shared_ptr<fake_connector> connector = std::make_shared<fake_connector>();
  std::shared_ptr<fake_link> link;
  link_receiver receiver;
  agent_host_actor host = sys.spawn([heard = host_heard]() -> agent_host_actor::behavior_type {
    return {
        [heard](const task_batch& x, const result_sink_actor&) {
          for (const auto& task : x.tasks)
            heard->tasks.push_back(*task);
        },
        [heard](const v1::CancelBatch& x) {
          heard->cancelled.insert(heard->cancelled.end(), x.tasks().begin(), x.tasks().end());
        },
        [](const v1::OpAnswerBatch&) {},
        [heard](const v1::DrainNode&) {
          ++heard->drained;
          return v1::Ack{};
        },
    };
  });
  cluster_link_self_actor aut = sys.spawn(cluster_link, config(), connector, host, time, cluster_link_probe{metrics});

  cluster_link_test() {
    run();
  }

  ~cluster_link_test() override {
    receiver = {};
    connector->pending.clear();
    stop(aut, host);
  }

  static cluster_link_config config() {
    cluster_link_config out;
    out.coordinator = {"127.0.0.1", 7400};
    out.node.set_name("w1");
    out.node.set_boot_id("own-boot");
    return out;
  }

  /// From the coordinator.
  void deliver(v1::Envelope x) {
    receiver.on_messages(fake_link::batch(std::move(x)));
    run();
  }

  void connect() {
    ASSERT_EQ(connector->pending.size(), 1u);
    link = std::make_shared<fake_link>("coordinator", "c1");
    receiver = connector->succeed(link);
    run();
  }

  void join() {
    connect();
    auto asked = link->take(v1::Envelope::kJoinCluster);
    ASSERT_EQ(asked.size(), 1u);
    EXPECT_EQ(asked[0].join_cluster().node().name(), "w1");
    EXPECT_EQ(asked[0].to_boot_id(), "c1-boot");
    auto welcome = link->from_peer(1, asked[0].id());
    auto& x = *welcome.mutable_joined_cluster();
    x.set_coordinator_name("c1");
    x.set_heartbeat_ms(1'000);
    x.set_fence_ms(7'000);
    deliver(welcome);
  }

  void send_task(uint32_t task) {
    auto x = link->from_peer(10 + task);
    auto& t = *x.mutable_task_batch()->add_tasks();
    t.set_run_id("r");
    t.set_task(task);
    t.set_attempt(1);
    deliver(x);
  }

  void finish_task(uint32_t task, const std::string& output = "ok") {
    v1::ResultBatch batch;
    auto& x = *batch.add_results();
    x.set_run_id("r");
    x.set_task(task);
    x.set_attempt(1);
    x.set_status(v1::TASK_STATUS_SUCCESS);
    x.mutable_output()->set_data(output);
    self->send(aut, batch);
    run();
  }

  /// Time in steps of a tick. With `answer`, each heartbeat is acknowledged as it is sent.
  void pass(milliseconds span, bool answer = true) {
    for (; span.count() > 0; span -= milliseconds{200}) {
      advance(milliseconds{200});
      if (!answer || !link || link->closed)
        continue;
      std::vector<v1::Envelope> beats;
      for (auto& x : link->written)
        if (x.has_heartbeat())
          beats.push_back(x);
      std::erase_if(link->written, [](auto& x) { return x.has_heartbeat(); });
      for (auto& beat : beats) {
        ++beats_seen;
        last_beat = beat.heartbeat();
        auto ack = link->from_peer(100 + beats_seen, beat.id());
        ack.mutable_heartbeat_ack()->set_seq(beat.heartbeat().seq());
        deliver(ack);
      }
    }
  }

  double metric(const std::string& name) {
    return test::metric_value(metrics, name).value_or(-1);
  }

  uint64_t beats_seen = 0;
  v1::Heartbeat last_beat;
};

TEST_F(cluster_link_test, joins_and_beats_once_a_second_with_its_load) {
  join();
  EXPECT_EQ(metric("troupe_cluster_memberships"), 1);
  send_task(1);
  pass(milliseconds{10'000});
  EXPECT_GE(beats_seen, 9u);
  EXPECT_LE(beats_seen, 12u);
  EXPECT_EQ(last_beat.load().running(), 1u);
  EXPECT_EQ(last_beat.boot_id(), "own-boot");
  EXPECT_FALSE(link->closed);
}

TEST_F(cluster_link_test, brings_tasks_to_the_host_and_results_back) {
  join();
  send_task(1);
  ASSERT_EQ(host_heard->tasks.size(), 1u);
  finish_task(1);
  auto results = link->take(v1::Envelope::kResultBatch);
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(results[0].result_batch().results(0).output().data(), "ok");
  finish_task(1);
  EXPECT_TRUE(link->take(v1::Envelope::kResultBatch).empty()) << "a result counts once";
  EXPECT_EQ(metric("troupe_cluster_results_dropped_total"), 1);
}

TEST_F(cluster_link_test, passes_cancellations_and_progress_on) {
  join();
  send_task(1);
  auto cancel = link->from_peer(50);
  cancel.mutable_cancel_batch()->add_tasks()->set_run_id("r");
  deliver(cancel);
  EXPECT_EQ(host_heard->cancelled.size(), 1u);
  v1::ProgressBatch progress;
  for (uint32_t task : {1u, 2u}) {
    auto& x = *progress.add_progress();
    x.set_run_id("r");
    x.set_task(task);
    x.set_attempt(1);
    x.set_note("half\xff");
  }
  self->send(aut, progress);
  run();
  auto sent = link->take(v1::Envelope::kProgressBatch);
  ASSERT_EQ(sent.size(), 1u);
  ASSERT_EQ(sent[0].progress_batch().progress_size(), 1) << "of tasks that nobody asked for nothing is told";
  EXPECT_EQ(sent[0].progress_batch().progress(0).note(), "half\xef\xbf\xbd");
}

TEST_F(cluster_link_test, fences_itself_after_seven_seconds_without_an_acknowledgement) {
  join();
  send_task(1);
  send_task(2);
  pass(milliseconds{3'000});
  pass(milliseconds{5'800}, false);
  EXPECT_FALSE(link->closed);
  EXPECT_TRUE(host_heard->cancelled.empty());
  pass(milliseconds{1'400}, false);
  ASSERT_TRUE(link->closed);
  EXPECT_EQ(link->closed->code, v1::ERROR_CODE_FENCED);
  EXPECT_EQ(host_heard->cancelled.size(), 2u);
  EXPECT_EQ(metric("troupe_cluster_fences_total"), 1);
  finish_task(1);
  EXPECT_EQ(metric("troupe_cluster_results_dropped_total"), 1) << "what comes too late goes nowhere";
  pass(milliseconds{2'400}, false);
  EXPECT_EQ(connector->pending.size(), 1u) << "then it connects again";
}

TEST_F(cluster_link_test, starts_over_when_the_coordinator_no_longer_knows_it) {
  join();
  send_task(1);
  auto beats = link->take(v1::Envelope::kHeartbeat);
  ASSERT_FALSE(beats.empty());
  auto fenced = link->from_peer(60, beats[0].id());
  fenced.mutable_error()->set_code(v1::ERROR_CODE_FENCED);
  deliver(fenced);
  EXPECT_TRUE(link->closed);
  EXPECT_EQ(host_heard->cancelled.size(), 1u);
}

TEST_F(cluster_link_test, stops_its_work_at_once_when_the_link_closes_and_joins_again) {
  join();
  send_task(1);
  receiver.on_closed({v1::ERROR_CODE_UNAVAILABLE, "gone", true});
  run();
  EXPECT_EQ(host_heard->cancelled.size(), 1u);
  EXPECT_EQ(metric("troupe_cluster_memberships"), 0);
  pass(milliseconds{400}, false);
  join();
  EXPECT_EQ(metric("troupe_cluster_memberships"), 1);
}

TEST_F(cluster_link_test, ignores_what_a_former_link_still_says) {
  join();
  auto former = receiver;
  auto stale = link->from_peer(70);
  stale.mutable_task_batch()->add_tasks()->set_run_id("old");
  former.on_closed({v1::ERROR_CODE_UNAVAILABLE, "gone", true});
  run();
  pass(milliseconds{400}, false);
  join();
  former.on_messages(fake_link::batch(stale));
  former.on_closed({v1::ERROR_CODE_UNAVAILABLE, "gone again", true});
  run();
  EXPECT_TRUE(host_heard->tasks.empty());
  EXPECT_FALSE(link->closed);
}

TEST_F(cluster_link_test, refuses_messages_for_another_life) {
  join();
  auto stale = link->from_peer(80);
  stale.set_to_boot_id("former-boot");
  stale.mutable_task_batch()->add_tasks()->set_run_id("r");
  deliver(stale);
  EXPECT_TRUE(host_heard->tasks.empty());
  auto errors = link->take(v1::Envelope::kError);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].error().code(), v1::ERROR_CODE_FENCED);
  EXPECT_EQ(errors[0].correlation(), 80u);
}

TEST_F(cluster_link_test, tries_ever_more_slowly_while_the_coordinator_is_away) {
  int tries = 0;
  for (int i = 0; i < 300; ++i) { // one minute
    if (!connector->pending.empty()) {
      ++tries;
      connector->refuse("connection refused");
      run();
    }
    advance(milliseconds{200});
  }
  EXPECT_GE(tries, 25);
  EXPECT_LE(tries, 70);
  EXPECT_EQ(metric("troupe_cluster_connect_failures_total"), tries);
}

TEST_F(cluster_link_test, gives_up_on_a_coordinator_that_does_not_answer_its_join) {
  connect();
  pass(milliseconds{5'200}, false);
  ASSERT_TRUE(link->closed);
  EXPECT_EQ(link->closed->code, v1::ERROR_CODE_TIMED_OUT);
}

TEST_F(cluster_link_test, tells_at_once_that_it_drains) {
  join();
  link->written.clear();
  ASSERT_TRUE(ask<v1::Ack>(aut, v1::DrainNode{}));
  auto beats = link->take(v1::Envelope::kHeartbeat);
  ASSERT_EQ(beats.size(), 1u);
  EXPECT_TRUE(beats[0].heartbeat().draining());
}

TEST_F(cluster_link_test, drains_its_host_when_the_coordinator_says_so) {
  join();
  auto drain = link->from_peer(90);
  drain.mutable_drain_node()->set_node("w1");
  deliver(drain);
  EXPECT_EQ(host_heard->drained, 1);
  auto answer = link->take(v1::Envelope::kAck);
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].correlation(), 90u);
}

TEST_F(cluster_link_test, says_goodbye_and_ends_with_the_answer) {
  join();
  v1::LeaveCluster goodbye;
  goodbye.set_reason("SIGTERM");
  auto left = self->request(aut, milliseconds{10'000}, goodbye);
  run();
  auto sent = link->take(v1::Envelope::kLeaveCluster);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].leave_cluster().reason(), "SIGTERM");
  EXPECT_EQ(sent[0].leave_cluster().boot_id(), "own-boot");
  auto ack = link->from_peer(95, sent[0].id());
  ack.mutable_ack();
  deliver(ack);
  bool answered = false;
  left.receive([&](const v1::Ack&) { answered = true; }, [](const caf::error& x) { FAIL() << caf::to_string(x); });
  EXPECT_TRUE(answered);
  EXPECT_TRUE(link->closed);
}

TEST_F(cluster_link_test, does_not_wait_long_for_the_answer_to_its_goodbye) {
  join();
  auto left = self->request(aut, milliseconds{10'000}, v1::LeaveCluster{});
  pass(milliseconds{2'200}, false);
  bool answered = false;
  left.receive([&](const v1::Ack&) { answered = true; }, [](const caf::error& x) { FAIL() << caf::to_string(x); });
  EXPECT_TRUE(answered);
}

TEST_F(cluster_link_test, splits_results_that_are_too_large_together_and_fails_one_that_is_alone) {
  join();
  link->limit = 1'000;
  v1::ResultBatch batch;
  for (uint32_t task : {1u, 2u, 3u}) {
    send_task(task);
    auto& x = *batch.add_results();
    x.set_run_id("r");
    x.set_task(task);
    x.set_attempt(1);
    x.set_status(v1::TASK_STATUS_SUCCESS);
    x.mutable_output()->set_data(std::string(task == 3 ? 5'000 : 600, 'x'));
  }
  link->written.clear();
  self->send(aut, batch);
  run();
  std::map<uint32_t, v1::TaskStatus> got;
  for (auto& x : link->take(v1::Envelope::kResultBatch))
    for (auto& result : x.result_batch().results())
      got[result.task()] = result.status();
  EXPECT_EQ(got, (std::map<uint32_t, v1::TaskStatus>{
                     {1, v1::TASK_STATUS_SUCCESS}, {2, v1::TASK_STATUS_SUCCESS}, {3, v1::TASK_STATUS_FAILED}}));
}

} // namespace
} // namespace troupe
