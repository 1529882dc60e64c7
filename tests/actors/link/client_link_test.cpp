#include "actors/link/client_link.hpp"

#include "tests/actors/link/fake_cluster.hpp"
#include "tests/actors/link/fake_link.hpp"
#include "tests/support/actor_fixture.hpp"

#include <caf/send.hpp>

namespace troupe {
namespace {

using test::fake_link;

struct client_link_test : test::actor_fixture {
  std::shared_ptr<test::cluster_log> cluster = std::make_shared<test::cluster_log>();
  std::shared_ptr<fake_link> link = std::make_shared<fake_link>("client", "cli");
  registry_actor registry = test::spawn_registry(sys, cluster);
  coordinator_actor coordinator = test::spawn_coordinator(sys, cluster);
  client_link_actor aut =
      sys.spawn(client_link, client_link_config{.most_requests = 2, .most_watches = 1}, link, registry, coordinator);

  ~client_link_test() override {
    cluster->unanswered.clear();
    cluster->watchers.clear();
    cluster->workspace_watchers.clear();
    stop(aut, registry, coordinator);
  }

  void deliver(v1::Envelope x) {
    self->send(aut, link_messages{0, fake_link::batch(std::move(x))});
    run();
  }

  v1::Envelope invoke(uint64_t id, const std::string& agent) {
    auto x = link->from_peer(id);
    x.set_timeout_ms(1'000);
    x.mutable_invoke_agent()->set_agent(agent);
    return x;
  }

  /// The one answer that was written to a request.
  v1::Envelope answer_to(uint64_t request) {
    v1::Envelope out;
    for (auto& x : std::exchange(link->written, {}))
      if (x.correlation() == request)
        out = x;
    return out;
  }
};

TEST_F(client_link_test, answers_every_question_of_a_client) {
  auto ask = [&](auto fill) {
    static uint64_t id = 100;
    auto x = link->from_peer(++id);
    fill(x);
    deliver(x);
    return answer_to(id).body_case();
  };
  EXPECT_EQ(ask([](auto& x) { x.mutable_submit_run(); }), v1::Envelope::kRunAccepted);
  EXPECT_EQ(ask([](auto& x) { x.mutable_get_run(); }), v1::Envelope::kError);
  EXPECT_EQ(ask([](auto& x) { x.mutable_list_runs(); }), v1::Envelope::kRunList);
  EXPECT_EQ(ask([](auto& x) { x.mutable_cancel_run(); }), v1::Envelope::kAck);
  EXPECT_EQ(ask([](auto& x) { x.mutable_resume_runs(); }), v1::Envelope::kRunList);
  EXPECT_EQ(ask([](auto& x) { x.mutable_invoke_agent(); }), v1::Envelope::kTaskResult);
  EXPECT_EQ(ask([](auto& x) { x.mutable_list_nodes(); }), v1::Envelope::kNodeList);
  EXPECT_EQ(ask([](auto& x) { x.mutable_find_agents(); }), v1::Envelope::kAgentList);
  EXPECT_EQ(ask([](auto& x) { x.mutable_drain_node()->set_node("w1"); }), v1::Envelope::kAck);
  EXPECT_EQ(ask([](auto& x) { x.mutable_task_batch(); }), v1::Envelope::kError) << "not a client's business";
}

TEST_F(client_link_test, passes_the_code_and_the_words_of_an_error_on) {
  auto x = link->from_peer(1);
  x.mutable_get_run()->set_run_id("r9");
  deliver(x);
  auto answer = answer_to(1);
  EXPECT_EQ(answer.error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(answer.error().message(), "there is no run r9");
}

TEST_F(client_link_test, answers_by_the_deadline_of_the_client_though_nobody_else_does) {
  deliver(invoke(1, "silent"));
  EXPECT_TRUE(link->written.empty());
  advance(std::chrono::milliseconds{1'001});
  EXPECT_EQ(answer_to(1).error().code(), v1::ERROR_CODE_TIMED_OUT);
}

TEST_F(client_link_test, bounds_the_requests_under_way) {
  deliver(invoke(1, "silent"));
  deliver(invoke(2, "silent"));
  deliver(invoke(3, "echo"));
  EXPECT_EQ(answer_to(3).error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  advance(std::chrono::milliseconds{1'001});
  deliver(invoke(4, "echo"));
  EXPECT_TRUE(answer_to(4).has_task_result()) << "a request that ended makes room";
}

TEST_F(client_link_test, streams_the_updates_of_a_run_as_answers_to_the_watch) {
  auto x = link->from_peer(7);
  x.mutable_watch_run()->set_run_id("r1");
  deliver(x);
  EXPECT_EQ(answer_to(7).run_details().summary().run_id(), "r1");
  ASSERT_EQ(cluster->watchers.size(), 1u);
  auto second = link->from_peer(8);
  second.mutable_watch_run()->set_run_id("r2");
  deliver(second);
  EXPECT_EQ(answer_to(8).error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);

  v1::RunUpdate update;
  update.set_run_id("r1");
  update.mutable_step_started()->set_step("s");
  self->send(cluster->watchers[0], update);
  run();
  auto got = answer_to(7);
  EXPECT_EQ(got.run_update().step_started().step(), "s");
  update.mutable_run_finished();
  self->send(cluster->watchers[0], update);
  run();
  EXPECT_TRUE(answer_to(7).run_update().has_run_finished());

  second.set_id(9);
  deliver(second);
  EXPECT_TRUE(answer_to(9).has_run_details()) << "a run that ended makes room";
}

TEST_F(client_link_test, ends_the_watch_with_the_link) {
  auto x = link->from_peer(7);
  x.mutable_watch_run()->set_run_id("r1");
  deliver(x);
  self->monitor(cluster->watchers.at(0));
  self->send(aut, link_lost{0, {v1::ERROR_CODE_UNAVAILABLE, "reset", true}});
  run();
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; });
  EXPECT_TRUE(down);
  EXPECT_TRUE(link->closed);
}

TEST_F(client_link_test, reads_a_workspace_for_a_client) {
  auto x = link->from_peer(7);
  x.mutable_read_workspace()->set_run_id("r1");
  deliver(x);
  EXPECT_EQ(answer_to(7).workspace_view().run_id(), "r1");
}

/// A workspace that notes what its watchers say.
struct noted_workspace {
  std::vector<uint64_t> seen;

  static workspace_actor::behavior_type behavior(noted_workspace* notes) {
    return {
        [](const v1::ReadWorkspace&) { return v1::WorkspaceView{}; },
        [](const v1::WatchWorkspace&, const workspace_watcher_actor&) { return v1::Ack{}; },
        [notes](const v1::WorkspaceSeen& x, const workspace_watcher_actor&) { notes->seen.push_back(x.seq()); },
        [](const workspace_begin&) {},
        [](const workspace_news&) {},
        [](workspace_linger_tick) {},
    };
  }
};

struct workspace_link_test : client_link_test {
  noted_workspace notes;
  workspace_actor source = sys.spawn([n = &notes] { return noted_workspace::behavior(n); });

  ~workspace_link_test() override {
    cluster->workspace_watchers.clear();
    stop(source);
  }

  void watch(uint64_t id, const std::string& run = "r1") {
    auto x = link->from_peer(id);
    x.mutable_watch_workspace()->set_run_id(run);
    deliver(x);
  }

  void say(uint64_t seq, bool ended = false) {
    v1::WorkspaceUpdate update;
    update.set_seq(seq);
    if (ended)
      update.mutable_ended()->set_reason("approved");
    else
      update.mutable_document()->set_document("{}");
    caf::send_as(caf::actor_cast<caf::actor>(source), cluster->workspace_watchers.at(0), update);
    run();
  }

  void acknowledge(uint64_t watch, uint64_t seq, bool done = false) {
    auto x = link->from_peer(999);
    x.mutable_workspace_seen()->set_watch(watch);
    x.mutable_workspace_seen()->set_seq(seq);
    x.mutable_workspace_seen()->set_done(done);
    deliver(x);
  }
};

TEST_F(workspace_link_test, streams_the_updates_and_brings_back_what_the_client_has_dealt_with) {
  watch(7);
  EXPECT_TRUE(answer_to(7).has_ack());
  say(3);
  EXPECT_EQ(answer_to(7).workspace_update().seq(), 3U);
  acknowledge(7, 3);
  acknowledge(8, 4);
  EXPECT_EQ(notes.seen, std::vector<uint64_t>{3}) << "only those of this watch";
  EXPECT_TRUE(link->written.empty()) << "no answer to that";
  say(4, true);
  EXPECT_TRUE(answer_to(7).workspace_update().has_ended());
  watch(9);
  EXPECT_TRUE(answer_to(9).has_ack()) << "one that ended makes room";
}

TEST_F(workspace_link_test, tells_the_client_to_ask_again_when_the_workspace_goes_away) {
  watch(7);
  say(3);
  answer_to(7);
  stop(source);
  EXPECT_EQ(answer_to(7).error().code(), v1::ERROR_CODE_UNAVAILABLE);
}

TEST_F(workspace_link_test, ends_with_the_link_or_when_the_client_has_enough) {
  watch(7);
  self->monitor(cluster->workspace_watchers.at(0));
  acknowledge(7, 0, true);
  auto down = 0;
  self->receive([&](const caf::down_msg&) { ++down; });
  watch(8);
  self->monitor(cluster->workspace_watchers.at(1));
  self->send(aut, link_lost{0, {v1::ERROR_CODE_UNAVAILABLE, "reset", true}});
  run();
  self->receive([&](const caf::down_msg&) { ++down; });
  EXPECT_EQ(down, 2);
}

TEST_F(workspace_link_test, passes_on_that_a_team_may_still_begin) {
  watch(7, "none");
  auto answer = answer_to(7);
  EXPECT_EQ(answer.error().code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_TRUE(answer.error().retryable());
}

TEST_F(client_link_test, cannot_watch_what_is_not_there) {
  auto x = link->from_peer(7);
  x.mutable_watch_run()->set_run_id("none");
  deliver(x);
  EXPECT_EQ(answer_to(7).error().code(), v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(client_link_test, says_so_when_an_answer_is_too_large) {
  link->limit = 200;
  auto x = invoke(1, "echo");
  x.mutable_invoke_agent()->mutable_message()->mutable_content()->set_data(std::string(1'000, 'x'));
  deliver(x);
  EXPECT_EQ(answer_to(1).error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

TEST_F(client_link_test, refuses_messages_for_another_life) {
  auto x = link->from_peer(1);
  x.set_to_boot_id("former");
  x.mutable_list_runs();
  deliver(x);
  EXPECT_EQ(answer_to(1).error().code(), v1::ERROR_CODE_FENCED);
}

} // namespace
} // namespace troupe
