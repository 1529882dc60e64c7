#include "runtime/team/wait_graph.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using circle = std::vector<uint32_t>;
using waits_of = std::vector<std::pair<uint8_t, uint8_t>>;

TEST(wait_graph, finds_nothing_where_nobody_waits) {
  EXPECT_EQ(wait_graph{}.circle_with(0, 1), circle{});
}

TEST(wait_graph, finds_a_circle_of_two) {
  wait_graph waits;
  waits.add(1, 0);
  EXPECT_EQ(waits.circle_with(0, 1), (circle{0, 1}));
}

TEST(wait_graph, finds_a_circle_of_three_in_its_order) {
  wait_graph waits;
  waits.add(1, 2);
  waits.add(2, 0);
  EXPECT_EQ(waits.circle_with(0, 1), (circle{0, 1, 2}));
  EXPECT_EQ(waits.circle_with(0, 2), (circle{0, 2}));
}

TEST(wait_graph, forgets_one_of_two_equal_waits_at_a_time) {
  wait_graph waits;
  waits.add(1, 0);
  waits.add(1, 0);
  waits.remove(1, 0);
  EXPECT_TRUE(waits.waits(1));
  EXPECT_EQ(waits.circle_with(0, 1), (circle{0, 1}));
  waits.remove(1, 0);
  EXPECT_EQ(waits.circle_with(0, 1), circle{});
}

RC_GTEST_PROP(wait_graph, never_has_a_circle_when_those_that_close_one_are_refused, (const waits_of& wishes)) {
  wait_graph waits;
  std::vector<std::pair<uint32_t, uint32_t>> added;
  for (auto [a, b] : wishes) {
    uint32_t from = a % 7, to = b % 7;
    if (from == to || !waits.circle_with(from, to).empty())
      continue;
    waits.add(from, to);
    added.emplace_back(from, to);
  }
  // Whoever has no outgoing wait goes on; taking those away one after the other must take everybody away.
  std::vector<std::pair<uint32_t, uint32_t>> left = added;
  for (int round = 0; round < 7; ++round)
    std::erase_if(left, [&](auto& e) {
      return std::none_of(left.begin(), left.end(), [&](auto& other) { return other.first == e.second; });
    });
  RC_ASSERT(left.empty());
}

} // namespace
} // namespace troupe
