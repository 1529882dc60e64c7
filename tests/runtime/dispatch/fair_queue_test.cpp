#include "runtime/dispatch/fair_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe {
namespace {

struct item {
  uint64_t owner = 0;
  int32_t priority = 0;
  uint64_t seq = 0;
  fair_queue<item>::ticket where = {};
};

struct fixture {
  fair_queue<item> queue;
  std::vector<std::unique_ptr<item>> items;

  item* push(uint64_t owner, int32_t priority = 0) {
    items.push_back(std::make_unique<item>(item{owner, priority, items.size()}));
    auto* x = items.back().get();
    x->where = queue.push(x, owner, priority, x->seq);
    return x;
  }

  item* pop() {
    auto* x = queue.front();
    if (x)
      queue.pop(x->where);
    return x;
  }

  std::string owners(size_t n) {
    std::string out;
    for (size_t i = 0; i < n; ++i)
      out += static_cast<char>('a' + pop()->owner);
    return out;
  }
};

TEST(fair_queue, is_first_in_first_out_for_one_owner) {
  fixture f;
  for (int i = 0; i < 5; ++i)
    f.push(0);
  for (uint64_t i = 0; i < 5; ++i)
    EXPECT_EQ(f.pop()->seq, i);
  EXPECT_EQ(f.pop(), nullptr);
}

TEST(fair_queue, lets_owners_take_turns_so_that_a_large_one_does_not_block_a_small_one) {
  fixture f;
  for (int i = 0; i < 100; ++i)
    f.push(0);
  EXPECT_EQ(f.owners(3), "aaa");
  for (int i = 0; i < 3; ++i)
    f.push(1);
  EXPECT_EQ(f.owners(8), "ababab"
                         "aa");
}

TEST(fair_queue, sends_a_higher_priority_first) {
  fixture f;
  for (int i = 0; i < 20; ++i)
    f.push(0, 0);
  EXPECT_EQ(f.owners(2), "aa");
  for (int i = 0; i < 4; ++i)
    f.push(1, 1);
  EXPECT_EQ(f.owners(5), "bbbba");
}

TEST(fair_queue, gives_a_low_priority_its_share_under_a_flood_of_a_higher_one) {
  fixture f;
  for (int i = 0; i < 100; ++i)
    f.push(0, 1);
  for (int i = 0; i < 5; ++i)
    f.push(1, 0);
  EXPECT_EQ(f.owners(27), "aaaaaaaabaaaaaaaabaaaaaaaab");
}

TEST(fair_queue, cuts_priorities_beyond_its_range) {
  fixture f;
  f.push(0, 2'000'000'000);
  f.push(1, fair_queue<item>::highest_priority);
  f.push(2, -2'000'000'000);
  EXPECT_EQ(f.owners(3), "abc");
}

TEST(fair_queue, puts_an_item_back_to_where_it_came_from) {
  fixture f;
  f.push(0);
  f.push(0);
  f.push(1);
  auto* first = f.pop();
  f.queue.put_back(first->where, first);
  EXPECT_EQ(f.pop(), first);
  EXPECT_EQ(f.owners(2), "ba");
}

RC_GTEST_PROP(fair_queue, keeps_the_order_within_owner_and_priority_and_loses_nothing, ()) {
  fixture f;
  std::map<std::pair<uint64_t, int32_t>, std::vector<uint64_t>> expected;
  std::map<std::pair<uint64_t, int32_t>, size_t> next;
  size_t waiting = 0;
  auto check = [&](item* x) {
    auto key = std::pair{x->owner, x->priority};
    auto& list = expected[key];
    RC_ASSERT(next[key] < list.size());
    RC_ASSERT(x->seq == list[next[key]]);
    ++next[key];
    --waiting;
  };
  for (auto move : *rc::gen::container<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, 1'000))) {
    auto owner = move % 5;
    auto priority = static_cast<int32_t>(move / 5 % 7) - 3;
    if (move % 3 != 0) {
      expected[{owner, priority}].push_back(f.push(owner, priority)->seq);
      ++waiting;
    } else if (move % 2 == 0) {
      if (auto* x = f.pop())
        check(x);
    } else if (auto* x = f.queue.front()) {
      // Somebody cancels the front, or a node rejects it.
      f.queue.pop(x->where);
      f.queue.put_back(x->where, x);
      f.queue.erase(x->where);
      check(x);
    }
    RC_ASSERT(f.queue.size() == waiting);
  }
  while (auto* x = f.pop())
    check(x);
  RC_ASSERT(waiting == 0u);
}

RC_GTEST_PROP(fair_queue, passes_a_waiting_priority_over_no_more_often_than_documented, ()) {
  fixture f;
  auto low = *rc::gen::inRange(-4, 4);
  auto distance = *rc::gen::inRange(1, std::min(4, 5 - low));
  auto before = *rc::gen::inRange(0, 600);
  for (int i = 0; i < before; ++i)
    f.push(static_cast<uint64_t>(i % 3), low + distance);
  for (int i = *rc::gen::inRange(0, before + 1); i > 0; --i)
    f.pop();
  auto* poor = f.push(9, low);
  auto bound = std::pow(fair_queue<item>::priority_share, distance);
  for (double passed = 0;; ++passed) {
    f.push(1, low + distance);
    RC_ASSERT(passed <= bound);
    if (f.pop() == poor)
      break;
  }
}

// What is left of the current round, and the next one.
RC_GTEST_PROP(fair_queue, lets_no_owner_wait_for_more_than_two_turns_of_each_other, ()) {
  fixture f;
  auto owners = *rc::gen::inRange<uint64_t>(1, 6);
  for (auto n : *rc::gen::container<std::vector<uint64_t>>(rc::gen::inRange<uint64_t>(0, 300))) {
    f.push(n % owners);
    if (n % 4 == 0)
      f.pop();
  }
  auto* poor = f.push(100);
  for (uint64_t passed = 0; f.pop() != poor; ++passed) {
    RC_ASSERT(passed < 2 * owners);
    for (uint64_t o = 0; o < owners; ++o)
      f.push(o);
  }
}

} // namespace
} // namespace troupe
