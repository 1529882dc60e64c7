#include "actors/link/worker_link.hpp"

#include "tests/actors/link/fake_cluster.hpp"
#include "tests/actors/link/fake_link.hpp"
#include "tests/support/actor_fixture.hpp"

namespace troupe {
namespace {

using test::fake_link;

struct sink_log {
  std::vector<v1::TaskResult> results;
  std::vector<v1::TaskProgress> progress;
  std::vector<v1::TaskOp> operations;
};

struct worker_link_test : test::actor_fixture {
  std::shared_ptr<test::cluster_log> cluster = std::make_shared<test::cluster_log>();
  std::shared_ptr<sink_log> heard = std::make_shared<sink_log>();
  std::shared_ptr<fake_link> link = std::make_shared<fake_link>("worker", "w1");
  registry_actor registry = test::spawn_registry(sys, cluster);
  result_sink_actor sink = sys.spawn([log = heard]() -> result_sink_actor::behavior_type {
    return {
        [log](const v1::ResultBatch& x) {
          log->results.insert(log->results.end(), x.results().begin(), x.results().end());
        },
        [log](const v1::ProgressBatch& x) {
          log->progress.insert(log->progress.end(), x.progress().begin(), x.progress().end());
        },
        [log](const v1::OpBatch& x) {
          log->operations.insert(log->operations.end(), x.operations().begin(), x.operations().end());
        },
    };
  });
  worker_link_self_actor aut = sys.spawn(worker_link, worker_link_config{}, link, registry, time);

  ~worker_link_test() override {
    cluster->hosts.clear();
    stop(aut, sink, registry);
  }

  void deliver(v1::Envelope x) {
    self->send(aut, link_messages{0, fake_link::batch(std::move(x))});
    run();
  }

  v1::Envelope join(const std::string& name = "w1", const std::string& boot = "w1-boot") {
    auto x = link->from_peer(1);
    x.mutable_join_cluster()->mutable_node()->set_name(name);
    x.mutable_join_cluster()->mutable_node()->set_boot_id(boot);
    return x;
  }

  v1::Envelope beat(uint64_t id, const std::string& boot = "w1-boot") {
    auto x = link->from_peer(id);
    x.mutable_heartbeat()->set_node("w1");
    x.mutable_heartbeat()->set_boot_id(boot);
    x.mutable_heartbeat()->set_seq(id);
    return x;
  }

  v1::TaskBatch tasks(int count, size_t input = 10) {
    v1::TaskBatch out;
    out.add_agents()->set_name("a");
    for (int i = 0; i < count; ++i) {
      auto& x = *out.add_tasks();
      x.set_run_id("r");
      x.set_task(static_cast<uint32_t>(i));
      x.set_attempt(1);
      x.mutable_input()->set_data(std::string(input, 'x'));
    }
    return out;
  }

  void dispatch(const v1::TaskBatch& batch) {
    self->send(aut, task_batch{batch}, sink);
    run();
  }

  v1::ErrorCode error_to(uint64_t request) {
    for (auto& x : link->take(v1::Envelope::kError))
      if (x.correlation() == request)
        return x.error().code();
    return v1::ERROR_CODE_UNSPECIFIED;
  }

  bool is_alive() {
    return static_cast<bool>(ask<v1::Ack>(registry, v1::LeaveCluster{})) && !link->closed;
  }
};

TEST_F(worker_link_test, brings_a_node_to_the_registry_as_the_host_of_its_tasks) {
  deliver(join());
  ASSERT_EQ(cluster->joined.size(), 1u);
  EXPECT_EQ(cluster->hosts[0], caf::actor_cast<agent_host_actor>(aut));
  auto answer = link->take(v1::Envelope::kJoinedCluster);
  ASSERT_EQ(answer.size(), 1u);
  EXPECT_EQ(answer[0].correlation(), 1u);
  EXPECT_EQ(answer[0].to_boot_id(), "w1-boot");
}

TEST_F(worker_link_test, lets_nobody_join_beat_or_leave_for_somebody_else) {
  deliver(join("w2", "w1-boot"));
  EXPECT_EQ(error_to(1), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_TRUE(cluster->joined.empty());
  deliver(beat(2, "w2-boot"));
  EXPECT_EQ(error_to(2), v1::ERROR_CODE_FORBIDDEN);
  auto leave = link->from_peer(3);
  leave.mutable_leave_cluster()->set_node("w2");
  deliver(leave);
  EXPECT_EQ(error_to(3), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_TRUE(cluster->left.empty());
}

TEST_F(worker_link_test, answers_a_heartbeat_with_what_the_registry_says) {
  deliver(beat(5));
  auto acks = link->take(v1::Envelope::kHeartbeatAck);
  ASSERT_EQ(acks.size(), 1u);
  EXPECT_EQ(acks[0].heartbeat_ack().seq(), 5u);
  cluster->fences = true;
  deliver(beat(6));
  EXPECT_EQ(error_to(6), v1::ERROR_CODE_FENCED);
  deliver(join());
  EXPECT_EQ(error_to(1), v1::ERROR_CODE_ALREADY_EXISTS);
}

TEST_F(worker_link_test, refuses_messages_for_another_life_and_of_another_kind) {
  auto stale = beat(7);
  stale.set_to_boot_id("former");
  deliver(stale);
  EXPECT_EQ(error_to(7), v1::ERROR_CODE_FENCED);
  auto foreign = link->from_peer(8);
  foreign.mutable_submit_run();
  deliver(foreign);
  EXPECT_EQ(error_to(8), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_TRUE(cluster->submitted.empty());
}

TEST_F(worker_link_test, carries_tasks_and_cancellations_out_and_results_in) {
  dispatch(tasks(2));
  auto sent = link->take(v1::Envelope::kTaskBatch);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].task_batch().tasks_size(), 2);
  v1::CancelBatch cancel;
  cancel.add_tasks()->set_run_id("r");
  self->send(aut, cancel);
  run();
  EXPECT_EQ(link->take(v1::Envelope::kCancelBatch).size(), 1u);
  auto back = link->from_peer(9);
  auto& result = *back.mutable_result_batch()->add_results();
  result.set_run_id("r");
  result.set_node("somebody else");
  deliver(back);
  ASSERT_EQ(heard->results.size(), 1u);
  EXPECT_EQ(heard->results[0].node(), "w1") << "who ran it is who sent it";
  auto progress = link->from_peer(10);
  progress.mutable_progress_batch()->add_progress()->set_run_id("r");
  deliver(progress);
  EXPECT_EQ(heard->progress.size(), 1u);
}

TEST_F(worker_link_test, splits_tasks_that_are_too_large_together_and_fails_one_that_is_alone) {
  link->limit = 2'000;
  dispatch(tasks(5, 600));
  int arrived = 0;
  for (auto& x : link->take(v1::Envelope::kTaskBatch)) {
    arrived += x.task_batch().tasks_size();
    EXPECT_EQ(x.task_batch().agents_size(), 1) << "each part brings the definitions";
  }
  EXPECT_EQ(arrived, 5);
  EXPECT_TRUE(heard->results.empty());
  dispatch(tasks(1, 5'000));
  ASSERT_EQ(heard->results.size(), 1u);
  EXPECT_EQ(heard->results[0].error().code(), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_FALSE(link->closed);
}

TEST_F(worker_link_test, drains_the_node_and_waits_for_its_answer) {
  auto asked = self->request(aut, std::chrono::seconds{10}, v1::DrainNode{});
  run();
  auto sent = link->take(v1::Envelope::kDrainNode);
  ASSERT_EQ(sent.size(), 1u);
  auto ack = link->from_peer(11, sent[0].id());
  ack.mutable_ack();
  deliver(ack);
  bool done = false;
  asked.receive([&](const v1::Ack&) { done = true; }, [](const caf::error& x) { FAIL() << caf::to_string(x); });
  EXPECT_TRUE(done);
}

TEST_F(worker_link_test, ends_with_its_link_and_fails_what_waits) {
  auto asked = self->request(aut, std::chrono::seconds{10}, v1::DrainNode{});
  run();
  self->monitor(aut);
  self->send(aut, link_lost{0, {v1::ERROR_CODE_UNAVAILABLE, "reset", true}});
  run();
  errc code = v1::ERROR_CODE_UNSPECIFIED;
  asked.receive([](const v1::Ack&) {}, [&](const caf::error& x) { code = from_caf(x).code; });
  EXPECT_EQ(code, v1::ERROR_CODE_UNAVAILABLE);
  bool down = false;
  self->receive([&](const caf::down_msg& x) { down = x.source == aut; });
  EXPECT_TRUE(down);
}

TEST_F(worker_link_test, cuts_off_a_worker_that_says_nothing_for_ten_seconds) {
  for (int i = 0; i < 9; ++i)
    advance(std::chrono::seconds{1});
  EXPECT_TRUE(is_alive());
  deliver(beat(20));
  for (int i = 0; i < 9; ++i)
    advance(std::chrono::seconds{1});
  EXPECT_TRUE(is_alive()) << "a heartbeat counts from when it came";
  advance(std::chrono::seconds{1});
  ASSERT_TRUE(link->closed);
  EXPECT_EQ(link->closed->code, v1::ERROR_CODE_TIMED_OUT);
}

TEST_F(worker_link_test, cuts_off_a_worker_that_does_not_read) {
  link->next_status = send_status::full;
  dispatch(tasks(1));
  ASSERT_TRUE(link->closed);
  EXPECT_EQ(link->closed->code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(worker_link_test, cuts_off_a_node_that_answers_what_it_was_never_asked) {
  dispatch(tasks(1));
  auto results = [&](int count) {
    auto x = link->from_peer(1);
    for (int i = 0; i < count; ++i)
      x.mutable_result_batch()->add_results()->set_run_id("r");
    return x;
  };
  deliver(results(1'001));
  EXPECT_TRUE(is_alive());
  EXPECT_EQ(heard->results.size(), 1'001u);
  deliver(results(1));
  EXPECT_FALSE(is_alive());
  EXPECT_EQ(heard->results.size(), 1'001u);
}

TEST_F(worker_link_test, cuts_off_a_node_that_asks_faster_than_it_can_be_answered) {
  auto flood = std::make_shared<link_batch>();
  for (uint64_t i = 1; i <= 64; ++i)
    flood->messages.push_back(beat(i));
  self->send(aut, link_messages{0, flood});
  run();
  EXPECT_EQ(link->take(v1::Envelope::kHeartbeatAck).size(), 64u);
  auto more = std::make_shared<link_batch>();
  for (uint64_t i = 1; i <= 65; ++i)
    more->messages.push_back(beat(i));
  self->send(aut, link_messages{0, more});
  run();
  EXPECT_FALSE(is_alive());
}

} // namespace
} // namespace troupe
