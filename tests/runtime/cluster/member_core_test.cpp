#include "runtime/cluster/member_core.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace troupe {
namespace {

using namespace member_action;

v1::JoinedCluster welcome(uint32_t heartbeat_ms = 1'000, uint32_t fence_ms = 7'000) {
  v1::JoinedCluster out;
  out.set_coordinator_name("c1");
  out.set_heartbeat_ms(heartbeat_ms);
  out.set_fence_ms(fence_ms);
  return out;
}

v1::TaskBatch tasks(std::initializer_list<uint32_t> numbers) {
  v1::TaskBatch out;
  for (auto number : numbers) {
    auto& x = *out.add_tasks();
    x.set_run_id("r");
    x.set_task(number);
    x.set_attempt(1);
  }
  return out;
}

v1::TaskResult result_of(uint32_t number) {
  v1::TaskResult out;
  out.set_run_id("r");
  out.set_task(number);
  out.set_attempt(1);
  return out;
}

v1::Error error_of(v1::ErrorCode code) {
  v1::Error out;
  out.set_code(code);
  out.set_message("no");
  return out;
}

struct member_core_test : ::testing::Test {
  member_core core{{}, "w1", "w1-boot", 7};
  int64_t now = 100'000;
  std::vector<member_action::any> actions;

  /// Those of one kind since the last call of settle().
  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& x : actions)
      if (const auto* y = std::get_if<T>(&x))
        out.push_back(*y);
    return out;
  }

  void settle() {
    actions = core.take_actions();
  }

  void pass(int64_t ms) {
    now += ms;
    core.tick(now);
    settle();
  }

  void become_member(uint32_t heartbeat_ms = 1'000, uint32_t fence_ms = 7'000) {
    core.start();
    settle();
    ASSERT_TRUE(core.opened(all<connect>().at(0).round, now));
    core.joined(welcome(heartbeat_ms, fence_ms), now);
    settle();
    ASSERT_TRUE(core.is_member());
  }

  void acknowledge(uint64_t seq) {
    v1::HeartbeatAck ack;
    ack.set_seq(seq);
    core.acknowledged(ack);
  }
};

TEST_F(member_core_test, connects_joins_and_beats) {
  core.start();
  settle();
  ASSERT_EQ(all<connect>().size(), 1u);
  ASSERT_TRUE(core.opened(1, now));
  settle();
  EXPECT_EQ(all<join>().size(), 1u);
  core.joined(welcome(), now);
  settle();
  EXPECT_EQ(all<joined>().at(0).coordinator, "c1");
  ASSERT_EQ(all<beat>().size(), 1u);
  EXPECT_EQ(all<beat>()[0].message.seq(), 1u);
  EXPECT_EQ(all<beat>()[0].message.boot_id(), "w1-boot");
  core.take(tasks({1, 2}));
  pass(999);
  EXPECT_TRUE(all<beat>().empty());
  pass(1);
  EXPECT_EQ(all<beat>().at(0).message.load().running(), 2u);
}

TEST_F(member_core_test, closes_a_link_that_comes_when_it_has_given_that_try_up) {
  core.start();
  core.lost(1, {v1::ERROR_CODE_UNAVAILABLE, "no connection", true}, now);
  EXPECT_FALSE(core.opened(1, now));
  EXPECT_FALSE(core.is_current(1));
}

TEST_F(member_core_test, waits_longer_after_each_try_that_fails_and_says_so_once) {
  core.start();
  settle();
  int64_t waited = 0;
  for (int tries = 0; tries < 6; ++tries) {
    auto round = all<connect>().at(0).round;
    core.lost(round, {v1::ERROR_CODE_UNAVAILABLE, "no connection", true}, now);
    settle();
    ASSERT_EQ(all<refused>().size(), 1u);
    EXPECT_EQ(all<refused>()[0].first, tries == 0);
    auto from = now;
    while (all<connect>().empty())
      pass(10);
    EXPECT_LE(now - from, 2'010);
    waited = now - from;
  }
  EXPECT_GE(waited, 1'000);
}

TEST_F(member_core_test, gives_a_coordinator_up_that_does_not_let_it_in) {
  core.start();
  ASSERT_TRUE(core.opened(1, now));
  pass(4'999);
  EXPECT_TRUE(all<close_link>().empty());
  pass(1);
  EXPECT_EQ(all<close_link>().at(0).why.code, v1::ERROR_CODE_TIMED_OUT);
  core.joined(welcome(), now);
  EXPECT_FALSE(core.is_member()) << "that answer came too late";
}

TEST_F(member_core_test, fences_itself_by_what_it_sent_not_by_what_it_heard) {
  become_member();
  core.take(tasks({1, 2}));
  pass(1'000);
  pass(5'999);
  ASSERT_TRUE(core.is_member());
  // The answer to the first heartbeat, which was sent when it joined, proves nothing about now.
  acknowledge(1);
  pass(1);
  ASSERT_EQ(all<lost>().size(), 1u);
  EXPECT_TRUE(all<lost>()[0].fenced);
  EXPECT_EQ(all<cancel>().at(0).batch.tasks_size(), 2);
  EXPECT_FALSE(core.take_result(result_of(1))) << "others do it now";
}

TEST_F(member_core_test, stays_while_its_heartbeats_are_acknowledged) {
  become_member();
  for (uint64_t seq = 1; seq < 60; ++seq) {
    acknowledge(seq);
    pass(1'000);
    ASSERT_EQ(all<beat>().size(), 1u);
  }
  EXPECT_TRUE(core.is_member());
}

TEST_F(member_core_test, takes_late_for_late_and_fenced_for_fenced) {
  become_member();
  core.refused(error_of(v1::ERROR_CODE_TIMED_OUT), now);
  settle();
  EXPECT_TRUE(actions.empty());
  core.refused(error_of(v1::ERROR_CODE_FENCED), now);
  settle();
  EXPECT_TRUE(all<lost>().at(0).fenced);
}

TEST_F(member_core_test, keeps_what_a_coordinator_asks_for_within_reason) {
  become_member(0, 0);
  pass(49);
  EXPECT_TRUE(all<beat>().empty());
  pass(1);
  EXPECT_EQ(all<beat>().size(), 1u);
  pass(149);
  ASSERT_TRUE(core.is_member());
  pass(1);
  EXPECT_FALSE(core.is_member());
}

TEST_F(member_core_test, takes_work_as_a_member_only_and_gives_each_result_once) {
  core.start();
  EXPECT_FALSE(core.take(tasks({1})));
  core.opened(1, now);
  EXPECT_FALSE(core.take(tasks({1})));
  core.joined(welcome(), now);
  EXPECT_TRUE(core.take(tasks({1})));
  EXPECT_TRUE(core.concerns({"r", 1, 1}));
  EXPECT_TRUE(core.take_result(result_of(1)));
  EXPECT_FALSE(core.take_result(result_of(1)));
  EXPECT_FALSE(core.concerns({"r", 1, 1}));
}

TEST_F(member_core_test, says_at_once_that_it_wants_nothing_more) {
  become_member();
  core.drain(now);
  core.drain(now);
  settle();
  ASSERT_EQ(all<beat>().size(), 1u);
  EXPECT_TRUE(all<beat>()[0].message.draining());
}

TEST_F(member_core_test, says_goodbye_and_waits_for_the_answer) {
  become_member();
  core.leave("enough", now);
  settle();
  EXPECT_EQ(all<say_goodbye>().at(0).message.reason(), "enough");
  EXPECT_FALSE(core.has_ended());
  core.released();
  settle();
  EXPECT_TRUE(core.has_ended());
  EXPECT_EQ(all<left>().size(), 1u);
  EXPECT_EQ(all<end>().size(), 1u);
}

TEST_F(member_core_test, leaves_without_an_answer_in_the_end) {
  become_member();
  core.take(tasks({1}));
  core.leave("enough", now);
  settle();
  pass(1'999);
  EXPECT_FALSE(core.has_ended());
  pass(1);
  EXPECT_TRUE(core.has_ended());
  EXPECT_EQ(all<cancel>().size(), 1u);
}

TEST_F(member_core_test, leaves_at_once_where_it_is_no_member) {
  core.start();
  core.leave("enough", now);
  settle();
  EXPECT_TRUE(core.has_ended());
  EXPECT_TRUE(all<left>().empty());
  EXPECT_FALSE(core.opened(1, now));
}

/// Whatever happens: what is sent is sent over an open link, members are counted up and down in turn, and every task
/// that was taken is answered or cancelled, once.
RC_GTEST_PROP(member_core_law, keeps_its_books, ()) {
  member_core core{{}, "w1", "w1-boot", *rc::gen::arbitrary<uint64_t>()};
  int64_t now = 1;
  uint64_t round = 0;
  uint64_t beats = 0;
  bool open = false;
  bool member = false;
  bool ended = false;
  uint32_t last = 0;
  std::map<uint32_t, int> settled;
  auto settle = [&] {
    for (auto& x : core.take_actions()) {
      RC_ASSERT(!ended);
      if (auto* to = std::get_if<connect>(&x)) {
        RC_ASSERT(to->round > round && !open);
        round = to->round;
      } else if (auto* sent = std::get_if<beat>(&x)) {
        RC_ASSERT(open);
        beats = sent->message.seq();
      } else if (std::get_if<join>(&x) || std::get_if<say_goodbye>(&x)) {
        RC_ASSERT(open);
      } else if (std::get_if<close_link>(&x)) {
        open = false;
      } else if (std::get_if<joined>(&x)) {
        RC_ASSERT(!std::exchange(member, true));
      } else if (std::get_if<lost>(&x) || std::get_if<left>(&x)) {
        RC_ASSERT(std::exchange(member, false));
      } else if (auto* work = std::get_if<cancel>(&x)) {
        for (const auto& task : work->batch.tasks())
          ++settled[task.task()];
      } else if (std::get_if<end>(&x)) {
        ended = true;
      }
    }
  };
  core.start();
  settle();
  for (int steps = *rc::gen::inRange(0, 150); steps > 0; --steps) {
    switch (*rc::gen::weightedElement<int>({{4, 0}, {3, 1}, {2, 2}, {3, 3}, {3, 4}, {1, 5}, {1, 6}, {3, 7}, {1, 8}})) {
    case 0:
      if (!open)
        open = core.opened(round - *rc::gen::inRange<uint64_t>(0, 2), now);
      break;
    case 1:
      core.joined(welcome(), now);
      break;
    case 2:
      core.lost(round, {v1::ERROR_CODE_UNAVAILABLE, "reset", true}, now);
      break;
    case 3:
      if (core.take(tasks({last + 1})))
        settled[++last] = 0;
      break;
    case 4: {
      auto task = *rc::gen::inRange<uint32_t>(0, last + 2);
      if (core.take_result(result_of(task)))
        ++settled[task];
      break;
    }
    case 5:
      core.refused(error_of(*rc::gen::element(v1::ERROR_CODE_TIMED_OUT, v1::ERROR_CODE_FENCED)), now);
      break;
    case 6:
      if (*rc::gen::inRange(0, 4) == 0)
        core.leave("enough", now);
      else
        core.drain(now);
      break;
    case 7: {
      v1::HeartbeatAck ack;
      ack.set_seq(beats);
      core.acknowledged(ack);
      break;
    }
    default:
      core.released();
    }
    settle();
    core.tick(now += *rc::gen::inRange(0, 3'000));
    settle();
  }
  core.end("over");
  settle();
  RC_ASSERT(ended && !member && !open);
  for (const auto& [task, times] : settled)
    RC_ASSERT(times == 1);
}

} // namespace
} // namespace troupe
