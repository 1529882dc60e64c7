#include "runtime/dispatch/placement.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace troupe {
namespace {

v1::AgentSpec spec(const std::string& kind, const std::string& config = "{}") {
  v1::AgentSpec out;
  out.set_name("x");
  out.set_kind(kind);
  out.set_config_json(config);
  return out;
}

v1::NodeStatus node(std::vector<std::string> kinds, std::vector<std::string> functions = {}) {
  v1::NodeStatus out;
  out.set_state(v1::NODE_STATE_UP);
  out.mutable_info()->set_capacity(1);
  for (auto& x : kinds)
    out.mutable_info()->add_kinds(x);
  for (auto& x : functions) {
    auto* advert = out.mutable_info()->add_agents();
    advert->set_name(x);
    advert->set_kind("function");
  }
  return out;
}

placement_need need(const v1::AgentSpec* agent, std::map<std::string, std::string> labels = {}) {
  v1::Task task;
  task.set_agent("x");
  for (auto& [key, value] : labels) {
    auto* label = task.add_placement();
    label->set_key(key);
    label->set_value(value);
  }
  return need_of(task, agent);
}

TEST(placement, suits_a_node_that_runs_the_kind) {
  auto lua = spec("lua");
  EXPECT_EQ(mismatch(need(&lua), node({"http", "lua"})), "");
  EXPECT_EQ(mismatch(need(&lua), node({"http"})), "does not run kind 'lua'");
}

TEST(placement, suits_no_node_that_is_not_up) {
  auto lua = spec("lua");
  auto n = node({"lua"});
  n.set_state(v1::NODE_STATE_SUSPECT);
  EXPECT_EQ(mismatch(need(&lua), n), "is silent");
  n.set_state(v1::NODE_STATE_DRAINING);
  EXPECT_EQ(mismatch(need(&lua), n), "is draining");
  n.set_state(v1::NODE_STATE_UNSPECIFIED);
  EXPECT_EQ(mismatch(need(&lua), n), "is gone");
}

TEST(placement, suits_no_node_without_capacity) {
  auto lua = spec("lua");
  auto n = node({"lua"});
  n.mutable_info()->set_capacity(0);
  EXPECT_EQ(mismatch(need(&lua), n), "takes no tasks");
}

TEST(placement, asks_for_every_label) {
  auto lua = spec("lua");
  auto n = node({"lua"});
  (*n.mutable_info()->mutable_labels())["zone"] = "eu";
  EXPECT_EQ(mismatch(need(&lua, {{"zone", "eu"}}), n), "");
  EXPECT_EQ(mismatch(need(&lua, {{"zone", "us"}}), n), "lacks label zone=us");
  EXPECT_EQ(mismatch(need(&lua, {{"gpu", "yes"}, {"zone", "eu"}}), n), "lacks label gpu=yes");
}

TEST(placement, sends_a_function_only_to_where_it_is) {
  auto f = spec("function", R"({"function": "text.search"})");
  EXPECT_EQ(mismatch(need(&f), node({"function"}, {"text.search"})), "");
  EXPECT_EQ(mismatch(need(&f), node({}, {"text.search"})), "");
  EXPECT_EQ(mismatch(need(&f), node({"function"}, {"text.score"})), "has no function 'text.search'");
  EXPECT_EQ(mismatch(need(&f), node({"function"})), "");
  EXPECT_EQ(mismatch(need(&f), node({"lua"})), "does not run kind 'function'");
}

TEST(placement, takes_a_function_without_a_name_by_the_name_of_the_agent) {
  auto f = spec("function", "not json");
  EXPECT_EQ(mismatch(need(&f), node({"function"}, {"x"})), "");
}

TEST(placement, finds_an_agent_without_definition_by_name) {
  EXPECT_EQ(mismatch(need(nullptr), node({}, {"x"})), "");
  EXPECT_EQ(mismatch(need(nullptr), node({"function"}, {"y"})), "has no agent 'x'");
}

TEST(placement, says_what_is_needed) {
  auto lua = spec("lua");
  EXPECT_EQ(to_string(need(nullptr)), "agent 'x'");
  EXPECT_EQ(to_string(need(&lua, {{"gpu", "yes"}, {"zone", "eu"}})), "agent 'x' (kind lua, labels gpu=yes zone=eu)");
}

TEST(placement, prefers_the_node_with_the_smaller_part_of_its_capacity_in_use) {
  EXPECT_TRUE(better_place({3, 16, 0}, {1, 4, 0}));
  EXPECT_FALSE(better_place({1, 4, 0}, {3, 16, 0}));
}

TEST(placement, prefers_the_faster_node_but_never_gives_up_on_the_slower_one) {
  EXPECT_TRUE(better_place({0, 100, 10}, {0, 100, 20}));
  EXPECT_TRUE(better_place({0, 100, 100'000}, {4, 100, 10}));
  EXPECT_FALSE(better_place({0, 100, 100'000}, {3, 100, 10}));
}

TEST(placement, believes_the_first_sample_and_smooths_the_rest) {
  auto average = next_latency(0, 100);
  EXPECT_EQ(average, 100);
  EXPECT_EQ(next_latency(average, 200), 120);
}

RC_GTEST_PROP(placement, never_chooses_the_worst_of_three_or_more, (uint64_t seed)) {
  random_source random{seed};
  std::vector<placement_candidate> nodes(*rc::gen::inRange<size_t>(2, 9), {2, 10, 0});
  auto worst = *rc::gen::inRange<size_t>(0, nodes.size());
  nodes[worst].outstanding = 3;
  RC_ASSERT(choose_place(nodes, random) != worst);
}

TEST(placement, spreads_over_equal_nodes) {
  random_source random{7};
  std::vector<placement_candidate> nodes(4, {0, 10, 0});
  std::vector<int> hits(4);
  for (int i = 0; i < 4'000; ++i)
    ++hits[choose_place(nodes, random)];
  for (auto n : hits)
    EXPECT_NEAR(n, 1'000, 150);
}

} // namespace
} // namespace troupe
