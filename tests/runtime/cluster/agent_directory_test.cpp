#include "runtime/cluster/agent_directory.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

void add_agent(v1::NodeStatus& node, const std::string& name, const std::string& kind, const std::string& capability) {
  auto& agent = *node.mutable_info()->add_agents();
  agent.set_name(name);
  agent.set_kind(kind);
  agent.add_capabilities(capability);
  (*agent.mutable_labels())["zone"] = node.info().name();
}

struct agent_directory_test : ::testing::Test {
  v1::NodeList nodes;

  agent_directory_test() {
    for (auto name : {"b", "a"}) {
      auto& node = *nodes.add_nodes();
      node.mutable_info()->set_name(name);
      node.set_state(v1::NODE_STATE_UP);
      add_agent(node, "searcher", "function", "search");
      add_agent(node, "writer", "lua", "write");
    }
  }

  std::vector<std::string> find(const v1::FindAgents& query) {
    std::vector<std::string> out;
    auto found = find_agents(nodes, query);
    for (auto& x : found.agents())
      out.push_back(x.agent().name() + "@" + x.node());
    return out;
  }
};

using names = std::vector<std::string>;

TEST_F(agent_directory_test, finds_everything_without_a_condition_sorted_by_node_and_name) {
  EXPECT_EQ(find({}), (names{"searcher@a", "writer@a", "searcher@b", "writer@b"}));
}

TEST_F(agent_directory_test, asks_all_conditions_that_are_given) {
  v1::FindAgents query;
  query.set_name("searcher");
  EXPECT_EQ(find(query), (names{"searcher@a", "searcher@b"}));
  (*query.mutable_labels())["zone"] = "b";
  EXPECT_EQ(find(query), names{"searcher@b"});
  query.set_kind("lua");
  EXPECT_EQ(find(query), names{});
  v1::FindAgents by_capability;
  by_capability.set_capability("write");
  by_capability.set_kind("lua");
  EXPECT_EQ(find(by_capability), (names{"writer@a", "writer@b"}));
}

TEST_F(agent_directory_test, does_not_offer_agents_of_nodes_that_are_gone) {
  nodes.mutable_nodes(0)->set_state(v1::NODE_STATE_LOST);
  nodes.mutable_nodes(1)->set_state(v1::NODE_STATE_DRAINING);
  v1::FindAgents query;
  query.set_name("writer");
  EXPECT_EQ(find(query), names{"writer@a"});
  EXPECT_EQ(find_agents(nodes, query).agents(0).node_state(), v1::NODE_STATE_DRAINING);
}

} // namespace
} // namespace troupe
