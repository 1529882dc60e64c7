#include "actors/cluster/registry.hpp"

#include "messages/errors.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/metric_value.hpp"

#include <memory>
#include <string>
#include <vector>

namespace troupe {
namespace {

using std::chrono::milliseconds;

/// What the dispatcher was told, as text: "w1 up", "w1/a gone".
using story = std::vector<std::string>;

struct registry_test : test::actor_fixture {
  std::shared_ptr<story> told = std::make_shared<story>();
  std::shared_ptr<int> drained = std::make_shared<int>(0);
  prometheus::Registry metrics;
  dispatcher_actor dispatcher = sys.spawn([told = told]() -> dispatcher_actor::behavior_type {
    return {
        [](const task_batch&, const task_owner_actor&) {},
        [](const v1::CancelBatch&) {},
        [](const v1::ResultBatch&) {},
        [](const v1::ProgressBatch&) {},
        [](const v1::OpBatch&) {},
        [](const v1::OpAnswerBatch&) {},
        [told](const v1::NodeStatus& x, const agent_host_actor& at) {
          auto state = v1::NodeState_Name(x.state()).substr(std::string("NODE_STATE_").size());
          told->push_back(x.info().name() + "/" + x.info().boot_id() + " " + state + (at ? "" : " without a host"));
        },
        [told](const v1::LeaveCluster& x) { told->push_back(x.node() + "/" + x.boot_id() + " gone"); },
    };
  });
  registry_self_actor aut = sys.spawn(registry, config(), dispatcher, time, registry_probe{metrics});
  agent_host_actor host = spawn_host();

  static registry_config config() {
    registry_config out;
    out.coordinator_name = "c1";
    out.coordinator_boot_id = "c-boot";
    return out;
  }

  agent_host_actor spawn_host() {
    return sys.spawn([drained = drained]() -> agent_host_actor::behavior_type {
      return {
          [](const task_batch&, const result_sink_actor&) {},
          [](const v1::CancelBatch&) {},
          [](const v1::OpAnswerBatch&) {},
          [drained](const v1::DrainNode&) {
            ++*drained;
            return v1::Ack{};
          },
      };
    });
  }

  ~registry_test() override {
    stop(aut, dispatcher, host);
  }

  caf::expected<v1::JoinedCluster> join(const std::string& name, const std::string& boot, agent_host_actor with) {
    v1::JoinCluster x;
    x.mutable_node()->set_name(name);
    x.mutable_node()->set_boot_id(boot);
    x.mutable_node()->add_agents()->set_name("searcher");
    return ask<v1::JoinedCluster>(aut, x, with);
  }

  caf::expected<v1::HeartbeatAck> beat(const std::string& name, const std::string& boot, uint64_t seq = 1) {
    v1::Heartbeat x;
    x.set_node(name);
    x.set_boot_id(boot);
    x.set_seq(seq);
    return ask<v1::HeartbeatAck>(aut, x);
  }

  /// Time in steps of a tick, as it passes for the actor.
  void pass(milliseconds span) {
    for (; span.count() > 0; span -= milliseconds{500})
      advance(milliseconds{500});
  }

  story take_story() {
    return std::exchange(*told, {});
  }

  double nodes(const std::string& state) {
    return test::metric_value(metrics, "troupe_nodes", {{"state", state}}).value_or(-1);
  }
};

TEST_F(registry_test, welcomes_a_node_and_tells_the_dispatcher) {
  auto joined = join("w1", "a", host);
  ASSERT_TRUE(joined) << caf::to_string(joined.error());
  EXPECT_EQ(joined->coordinator_boot_id(), "c-boot");
  EXPECT_EQ(joined->fence_ms(), 7'000u);
  EXPECT_EQ(take_story(), story{"w1/a UP"});
  auto ack = beat("w1", "a", 42);
  ASSERT_TRUE(ack);
  EXPECT_EQ(ack->seq(), 42u);
  EXPECT_EQ(take_story(), story{}) << "a heartbeat that changes nothing is not passed on";
  EXPECT_EQ(nodes("up"), 1);
}

TEST_F(registry_test, tells_the_dispatcher_of_a_silent_node_twice) {
  ASSERT_TRUE(join("w1", "a", host));
  pass(milliseconds{6'000});
  EXPECT_EQ(take_story(), (story{"w1/a UP", "w1/a SUSPECT", "w1/a gone"}));
  auto late = beat("w1", "a");
  ASSERT_FALSE(late);
  EXPECT_EQ(from_caf(late.error()).code, v1::ERROR_CODE_FENCED);
  EXPECT_EQ(nodes("lost"), 1);
  EXPECT_EQ(test::metric_value(metrics, "troupe_heartbeats_fenced_total"), 1);
}

TEST_F(registry_test, loses_a_node_at_once_when_its_host_goes_down) {
  ASSERT_TRUE(join("w1", "a", host));
  take_story();
  self->send_exit(host, caf::exit_reason::kill);
  run();
  EXPECT_EQ(take_story(), story{"w1/a gone"});
}

TEST_F(registry_test, keeps_a_node_that_came_back_when_its_old_link_goes_down) {
  ASSERT_TRUE(join("w1", "a", host));
  auto second = spawn_host();
  ASSERT_TRUE(join("w1", "a", second));
  EXPECT_EQ(take_story(), (story{"w1/a UP", "w1/a gone", "w1/a UP"}));
  self->send_exit(host, caf::exit_reason::kill);
  run();
  EXPECT_EQ(take_story(), story{});
  stop(second);
  EXPECT_EQ(take_story(), story{"w1/a gone"});
}

TEST_F(registry_test, takes_a_local_host_that_joins_again_and_still_hears_its_end) {
  ASSERT_TRUE(join("w1", "a", host));
  ASSERT_TRUE(join("w1", "a", host));
  take_story();
  self->send_exit(host, caf::exit_reason::kill);
  run();
  EXPECT_EQ(take_story(), story{"w1/a gone"});
}

TEST_F(registry_test, refuses_a_second_node_of_the_same_name) {
  ASSERT_TRUE(join("w1", "a", host));
  auto second = join("w1", "b", host);
  ASSERT_FALSE(second);
  EXPECT_EQ(from_caf(second.error()).code, v1::ERROR_CODE_ALREADY_EXISTS);
  EXPECT_EQ(take_story(), story{"w1/a UP"});
}

TEST_F(registry_test, drains_a_node_and_tells_its_host) {
  ASSERT_TRUE(join("w1", "a", host));
  v1::DrainNode drain;
  drain.set_node("w1");
  ASSERT_TRUE(ask<v1::Ack>(aut, drain));
  EXPECT_EQ(take_story(), (story{"w1/a UP", "w1/a DRAINING"}));
  EXPECT_EQ(*drained, 1);
  drain.set_node("w9");
  EXPECT_EQ(from_caf(ask<v1::Ack>(aut, drain).error()).code, v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(registry_test, lists_nodes_and_finds_their_agents_until_they_leave) {
  ASSERT_TRUE(join("w1", "a", host));
  auto list = ask<v1::NodeList>(aut, v1::ListNodes{});
  ASSERT_TRUE(list && list->nodes_size() == 1);
  v1::FindAgents query;
  query.set_name("searcher");
  EXPECT_EQ(ask<v1::AgentList>(aut, query)->agents_size(), 1);
  v1::LeaveCluster leave;
  leave.set_node("w1");
  leave.set_boot_id("a");
  ASSERT_TRUE(ask<v1::Ack>(aut, leave));
  EXPECT_EQ(take_story(), (story{"w1/a UP", "w1/a gone"}));
  EXPECT_EQ(ask<v1::AgentList>(aut, query)->agents_size(), 0);
  EXPECT_EQ(ask<v1::NodeList>(aut, v1::ListNodes{})->nodes(0).state(), v1::NODE_STATE_LEFT);
}

TEST_F(registry_test, does_not_start_with_a_configuration_out_of_range) {
  auto bad = config();
  bad.tick = milliseconds{0};
  auto broken = sys.spawn(registry, bad, dispatcher, time, registry_probe{metrics});
  run();
  EXPECT_FALSE(ask<v1::NodeList>(broken, v1::ListNodes{}));
  EXPECT_TRUE(validate(config()) == caf::none);
}

} // namespace
} // namespace troupe
