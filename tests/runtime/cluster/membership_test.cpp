#include "runtime/cluster/membership.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

v1::NodeInfo node(const std::string& name, const std::string& boot) {
  v1::NodeInfo out;
  out.set_name(name);
  out.set_boot_id(boot);
  out.set_capacity(4);
  return out;
}

v1::Heartbeat beat(const std::string& name, const std::string& boot) {
  v1::Heartbeat out;
  out.set_node(name);
  out.set_boot_id(boot);
  return out;
}

v1::LeaveCluster goodbye(const std::string& name, const std::string& boot) {
  v1::LeaveCluster out;
  out.set_node(name);
  out.set_boot_id(boot);
  return out;
}

struct membership_test : ::testing::Test {
  membership aut{membership_config{}};
  int64_t now = 1'000'000;

  result<membership::joined> join(const std::string& name, const std::string& boot) {
    return aut.join(node(name, boot), now, 0);
  }

  /// Moves the time in steps of a tick; returns what changed.
  membership::changes pass(int64_t ms) {
    membership::changes out;
    for (int64_t end = now + ms; now < end;) {
      now = std::min(end, now + 500);
      for (auto& x : aut.tick(now))
        out.push_back(x);
    }
    return out;
  }

  v1::NodeState state(const std::string& name) {
    auto list = aut.list(now);
    for (auto& x : list.nodes())
      if (x.info().name() == name)
        return x.state();
    return v1::NODE_STATE_UNSPECIFIED;
  }
};

TEST_F(membership_test, suspects_a_silent_node_after_three_seconds_and_loses_it_after_five) {
  ASSERT_TRUE(join("w1", "a"));
  EXPECT_TRUE(pass(2'900).empty());
  auto suspected = pass(200);
  ASSERT_EQ(suspected.size(), 1u);
  EXPECT_EQ(suspected[0].status.state(), v1::NODE_STATE_SUSPECT);
  EXPECT_FALSE(suspected[0].is_gone());
  auto lost = pass(2'000);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].status.state(), v1::NODE_STATE_LOST);
  EXPECT_TRUE(lost[0].is_gone());
  EXPECT_TRUE(pass(60'000).empty()) << "a node is lost once";
}

TEST_F(membership_test, trusts_a_suspect_again_at_its_next_heartbeat) {
  ASSERT_TRUE(join("w1", "a"));
  pass(3'500);
  ASSERT_EQ(state("w1"), v1::NODE_STATE_SUSPECT);
  auto back = aut.heartbeat(beat("w1", "a"), now);
  ASSERT_TRUE(back && back->size() == 1);
  EXPECT_EQ((*back)[0].status.state(), v1::NODE_STATE_UP);
}

TEST_F(membership_test, loses_a_node_at_once_when_its_link_closes) {
  auto session = join("w1", "a")->session;
  auto lost = aut.link_closed(session, now);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].status.state(), v1::NODE_STATE_LOST);
  EXPECT_TRUE(aut.link_closed(session, now).empty());
}

TEST_F(membership_test, fences_the_heartbeat_of_a_node_that_is_no_member) {
  EXPECT_EQ(aut.heartbeat(beat("w1", "a"), now).error().code, v1::ERROR_CODE_FENCED);
  auto session = join("w1", "a")->session;
  EXPECT_EQ(aut.heartbeat(beat("w1", "b"), now).error().code, v1::ERROR_CODE_FENCED);
  aut.link_closed(session, now);
  EXPECT_EQ(aut.heartbeat(beat("w1", "a"), now).error().code, v1::ERROR_CODE_FENCED);
}

TEST_F(membership_test, refuses_a_second_node_of_the_same_name) {
  ASSERT_TRUE(join("w1", "a"));
  auto second = join("w1", "b");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, v1::ERROR_CODE_ALREADY_EXISTS);
  EXPECT_TRUE(aut.heartbeat(beat("w1", "a"), now)) << "the holder is not disturbed";
}

TEST_F(membership_test, gives_the_name_of_a_suspect_to_its_second_life_and_turns_the_first_away) {
  ASSERT_TRUE(join("w1", "a"));
  pass(3'500);
  auto second = join("w1", "b");
  ASSERT_TRUE(second) << second.error().message;
  ASSERT_EQ(second->changed.size(), 2u);
  EXPECT_EQ(second->changed[0].status.info().boot_id(), "a");
  EXPECT_TRUE(second->changed[0].is_gone());
  EXPECT_EQ(second->changed[1].status.info().boot_id(), "b");
  EXPECT_EQ(aut.heartbeat(beat("w1", "a"), now).error().code, v1::ERROR_CODE_FENCED);
  EXPECT_EQ(join("w1", "a").error().code, v1::ERROR_CODE_FENCED) << "a life that was replaced never comes back";
}

TEST_F(membership_test, lets_the_same_life_join_again_in_a_new_session) {
  auto first = join("w1", "a")->session;
  auto again = join("w1", "a");
  ASSERT_TRUE(again);
  EXPECT_NE(again->session, first);
  EXPECT_TRUE(again->changed.front().is_gone());
  EXPECT_EQ(again->changed.front().session, first);
  EXPECT_TRUE(aut.link_closed(first, now).empty()) << "the old link's end does not concern the new session";
  EXPECT_EQ(state("w1"), v1::NODE_STATE_UP);
}

TEST_F(membership_test, drains_a_node_until_a_new_life_of_it_joins) {
  ASSERT_TRUE(join("w1", "a"));
  auto drained = aut.drain("w1", now);
  ASSERT_TRUE(drained && drained->size() == 1);
  EXPECT_EQ((*drained)[0].status.state(), v1::NODE_STATE_DRAINING);
  EXPECT_TRUE(aut.heartbeat(beat("w1", "a"), now)->empty()) << "a heartbeat does not end the draining";
  pass(3'500);
  EXPECT_EQ(state("w1"), v1::NODE_STATE_SUSPECT);
  ASSERT_TRUE(aut.heartbeat(beat("w1", "a"), now));
  EXPECT_EQ(state("w1"), v1::NODE_STATE_DRAINING);
  aut.leave(goodbye("w1", "a"), now);
  ASSERT_TRUE(join("w1", "b"));
  EXPECT_EQ(state("w1"), v1::NODE_STATE_UP);
  EXPECT_EQ(aut.drain("w2", now).error().code, v1::ERROR_CODE_NOT_FOUND);
}

TEST_F(membership_test, hears_from_the_node_itself_that_it_drains) {
  ASSERT_TRUE(join("w1", "a"));
  auto x = beat("w1", "a");
  x.set_draining(true);
  x.mutable_load()->set_running(3);
  ASSERT_EQ(aut.heartbeat(x, now)->size(), 1u);
  EXPECT_EQ(state("w1"), v1::NODE_STATE_DRAINING);
  EXPECT_EQ(aut.list(now).nodes(0).load().running(), 3u);
}

TEST_F(membership_test, ends_a_node_that_leaves_and_ignores_a_stale_goodbye) {
  ASSERT_TRUE(join("w1", "a"));
  EXPECT_TRUE(aut.leave(goodbye("w1", "old"), now).empty());
  auto left = aut.leave(goodbye("w1", "a"), now);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].status.state(), v1::NODE_STATE_LEFT);
}

TEST_F(membership_test, blames_nobody_for_its_own_pause) {
  ASSERT_TRUE(join("w1", "a"));
  pass(1'000);
  now += 60'000; // the coordinator itself was stopped
  EXPECT_TRUE(aut.tick(now).empty());
  EXPECT_EQ(state("w1"), v1::NODE_STATE_UP);
  auto later = pass(6'000);
  ASSERT_EQ(later.size(), 2u) << "but silence after the pause counts";
  EXPECT_TRUE(later[1].is_gone());
}

TEST_F(membership_test, forgets_the_gone_after_a_while_and_earlier_when_room_is_needed) {
  ASSERT_TRUE(join("w1", "a"));
  aut.leave(goodbye("w1", "a"), now);
  EXPECT_EQ(state("w1"), v1::NODE_STATE_LEFT);
  pass(601'000);
  EXPECT_EQ(aut.list(now).nodes_size(), 0);

  membership tiny{membership_config{.max_nodes = 1}};
  ASSERT_TRUE(tiny.join(node("w1", "a"), now, 0));
  EXPECT_EQ(tiny.join(node("w2", "a"), now, 0).error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  tiny.leave(goodbye("w1", "a"), now);
  EXPECT_TRUE(tiny.join(node("w2", "a"), now, 0));
}

TEST_F(membership_test, refuses_nodes_that_describe_themselves_badly) {
  auto refused = [&](auto change) {
    auto x = node("w1", "a");
    change(x);
    auto out = aut.join(x, now, 0);
    return !out && out.error().code == v1::ERROR_CODE_INVALID_INPUT;
  };
  EXPECT_TRUE(refused([](auto& x) { x.clear_name(); }));
  EXPECT_TRUE(refused([](auto& x) { x.set_name("two words"); }));
  EXPECT_TRUE(refused([](auto& x) { x.set_name(std::string(129, 'w')); }));
  EXPECT_TRUE(refused([](auto& x) { x.clear_boot_id(); }));
  EXPECT_TRUE(refused([](auto& x) { x.set_capacity(4'000'000'000); }));
  EXPECT_TRUE(refused([](auto& x) { x.add_agents(); }));
  EXPECT_TRUE(refused([](auto& x) { (*x.mutable_labels())["zone"] = std::string(1'000, 'z'); }));
}

TEST(membership_config, is_checked_before_use) {
  EXPECT_TRUE(validate(membership_config{}));
  EXPECT_FALSE(validate(membership_config{.heartbeat = milliseconds{0}}));
  EXPECT_FALSE(validate(membership_config{.suspect = milliseconds{500}}));
  EXPECT_FALSE(validate(membership_config{.lost = milliseconds{2'000}}));
  EXPECT_FALSE(validate(membership_config{.fence = milliseconds{4'000}}));
  EXPECT_FALSE(validate(membership_config{.max_nodes = 0}));
}

} // namespace
} // namespace troupe
