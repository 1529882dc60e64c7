#include "runtime/supervision/supervision.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace troupe {
namespace {

constexpr auto permanent = restart_type::permanent;
constexpr auto transient = restart_type::transient;
constexpr auto temporary = restart_type::temporary;

/// Runs a supervision and writes down what it does: "+a" start, "-a" stop, "!a" kill, "~a" abandon, "x a" removed,
/// "?a" refused, "end".
struct world {
  explicit world(restart_strategy strategy, size_t intensity = 5)
      : sut{strategy,
            {.intensity = intensity, .backoff = {.initial = milliseconds{100}, .factor = 2, .jitter = 0}},
            random_source{7}} {}

  supervision sut;
  int64_t now = 0;
  std::string log;
  /// Children whose start fails.
  std::set<std::string> broken;

  world& child(const std::string& id, restart_type restart = permanent) {
    sut.add({.id = id, .restart = restart, .grace = milliseconds{1'000}}, now, true);
    return *this;
  }

  /// What happened since the last call.
  std::string run() {
    using kind = supervision_command::kind;
    for (;;) {
      auto commands = sut.advance(now);
      if (commands.empty())
        return std::exchange(log, {});
      for (const auto& x : commands) {
        constexpr const char* marks[] = {"+", "-", "!", "~", "x", "?", "end"};
        log += (log.empty() ? "" : " ") + (marks[static_cast<int>(x.what)] + x.child);
        if (x.what == kind::start) {
          if (broken.contains(x.child))
            sut.start_failed(x.child, now);
          else
            sut.started(x.child, now);
        }
      }
    }
  }

  std::string crash(const std::string& id) {
    sut.down(id, false, now);
    return run();
  }

  std::string ends(const std::string& id) {
    sut.down(id, true, now);
    return run();
  }

  std::string remove(const std::string& id) {
    EXPECT_TRUE(sut.remove(id, now));
    return run();
  }

  std::string close() {
    sut.close();
    return run();
  }

  std::string wait(int64_t ms) {
    now += ms;
    return run();
  }
};

world abc(restart_strategy strategy, restart_type restart = permanent) {
  world out{strategy};
  out.child("a", restart).child("b", restart).child("c", restart);
  EXPECT_EQ(out.run(), "+a +b +c");
  return out;
}

TEST(supervision, one_for_one_restarts_the_crashed_child_alone_after_the_backoff) {
  auto w = abc(restart_strategy::one_for_one);
  EXPECT_EQ(w.crash("b"), "");
  EXPECT_EQ(w.sut.next_wake(), 100);
  EXPECT_EQ(w.wait(99), "");
  EXPECT_EQ(w.wait(1), "+b");
}

TEST(supervision, one_for_one_waits_for_each_child_on_its_own) {
  auto w = abc(restart_strategy::one_for_one);
  w.crash("c");
  w.crash("a");
  EXPECT_EQ(w.wait(100), "+c");
  EXPECT_EQ(w.wait(100), "+a");
}

TEST(supervision, one_for_all_stops_the_others_in_reverse_order_and_starts_all_in_order) {
  auto w = abc(restart_strategy::one_for_all);
  EXPECT_EQ(w.crash("b"), "-c");
  EXPECT_EQ(w.ends("c"), "-a");
  EXPECT_EQ(w.wait(500), "") << "a still runs";
  EXPECT_EQ(w.ends("a"), "+a +b +c");
}

TEST(supervision, rest_for_one_restarts_the_child_and_those_behind_it) {
  auto w = abc(restart_strategy::rest_for_one);
  EXPECT_EQ(w.crash("b"), "-c");
  EXPECT_EQ(w.ends("c"), "");
  EXPECT_EQ(w.wait(100), "+b +c");
}

TEST(supervision, rest_for_one_widens_a_restart_when_an_earlier_child_crashes_meanwhile) {
  auto w = abc(restart_strategy::rest_for_one);
  EXPECT_EQ(w.crash("c"), "");
  EXPECT_EQ(w.crash("a"), "-b");
  EXPECT_EQ(w.ends("b"), "");
  EXPECT_EQ(w.wait(199), "");
  EXPECT_EQ(w.wait(1), "+a +b +c");
}

TEST(supervision, takes_a_crash_during_a_group_restart_as_a_part_of_it) {
  auto w = abc(restart_strategy::one_for_all);
  EXPECT_EQ(w.crash("a"), "-c");
  EXPECT_EQ(w.crash("b"), "") << "before its turn to stop";
  EXPECT_EQ(w.crash("c"), "");
  EXPECT_EQ(w.wait(100), "+a +b +c") << "one restart, one backoff";
}

TEST(supervision, begins_again_when_a_start_fails_within_a_group_restart) {
  auto w = abc(restart_strategy::one_for_all);
  w.crash("c");
  w.ends("b");
  w.ends("a");
  w.broken = {"b"};
  EXPECT_EQ(w.wait(100), "+a +b -a");
  w.broken.clear();
  EXPECT_EQ(w.ends("a"), "");
  EXPECT_EQ(w.wait(200), "+a +b +c");
}

TEST(supervision, does_not_restart_a_transient_child_that_ended_normally) {
  auto w = abc(restart_strategy::one_for_all, transient);
  EXPECT_EQ(w.ends("b"), "");
  EXPECT_EQ(w.sut.next_wake(), std::nullopt);
  EXPECT_FALSE(w.sut.children().at(1).up);
  EXPECT_EQ(w.crash("a"), "-c");
  w.ends("c");
  EXPECT_EQ(w.wait(100), "+a +b +c") << "the group is started as a whole, as OTP does";
}

TEST(supervision, restarts_a_permanent_child_that_ended_normally) {
  auto w = abc(restart_strategy::one_for_one);
  w.ends("a");
  EXPECT_EQ(w.wait(100), "+a");
}

TEST(supervision, forgets_a_temporary_child_however_it_ends) {
  world w{restart_strategy::one_for_all};
  w.child("a").child("t", temporary).child("u", temporary);
  w.run();
  EXPECT_EQ(w.crash("t"), "xt");
  EXPECT_EQ(w.sut.children().size(), 2u);
  EXPECT_EQ(w.crash("a"), "-u") << "it goes with its group";
  EXPECT_EQ(w.ends("u"), "xu");
  EXPECT_EQ(w.wait(100), "+a") << "and does not come back";
}

TEST(supervision, gives_up_when_the_children_crash_too_often) {
  world w{restart_strategy::one_for_one, 2};
  w.child("a").child("b").child("c");
  w.run();
  w.crash("b");
  EXPECT_EQ(w.wait(100), "+b");
  w.crash("b");
  EXPECT_EQ(w.wait(200), "+b");
  EXPECT_EQ(w.crash("b"), "-c");
  EXPECT_TRUE(w.sut.gave_up());
  EXPECT_EQ(w.ends("c"), "-a");
  EXPECT_EQ(w.ends("a"), "end");
  EXPECT_EQ(w.sut.next_wake(), std::nullopt);
}

TEST(supervision, gives_up_when_a_child_never_starts) {
  world w{restart_strategy::one_for_one, 1};
  w.broken = {"b"};
  w.child("a").child("b");
  EXPECT_EQ(w.run(), "+a +b");
  EXPECT_EQ(w.wait(100), "+b -a");
  EXPECT_EQ(w.ends("a"), "end");
}

TEST(supervision, stops_in_reverse_order_one_after_the_other) {
  auto w = abc(restart_strategy::one_for_one);
  EXPECT_EQ(w.close(), "-c");
  EXPECT_EQ(w.crash("a"), "") << "nobody is restarted any more";
  EXPECT_EQ(w.ends("c"), "-b");
  EXPECT_EQ(w.ends("b"), "end");
  EXPECT_FALSE(w.sut.gave_up());
}

TEST(supervision, closes_at_once_without_children) {
  world w{restart_strategy::rest_for_one};
  EXPECT_EQ(w.close(), "end");
  EXPECT_EQ(w.close(), "") << "and once";
}

TEST(supervision, kills_a_child_whose_grace_is_over) {
  auto w = abc(restart_strategy::one_for_one);
  w.close();
  EXPECT_EQ(w.sut.next_wake(), 1'000);
  EXPECT_EQ(w.wait(1'000), "!c");
  EXPECT_EQ(w.crash("c"), "-b");
}

TEST(supervision, abandons_a_child_that_survives_even_that) {
  auto w = abc(restart_strategy::one_for_all);
  w.crash("a");
  EXPECT_EQ(w.wait(1'000), "!c");
  EXPECT_EQ(w.wait(supervision::kill_patience.count()), "~c -b");
  EXPECT_EQ(w.ends("c"), "") << "its late end means nothing";
  EXPECT_EQ(w.ends("b"), "+a +b +c");
}

TEST(supervision, grants_each_life_its_own_grace) {
  auto w = abc(restart_strategy::rest_for_one);
  w.crash("b");
  EXPECT_EQ(w.wait(1'000), "!c");
  EXPECT_EQ(w.crash("c"), "+b +c");
  EXPECT_EQ(w.crash("b"), "-c");
  EXPECT_EQ(w.wait(999), "");
  EXPECT_EQ(w.wait(1), "!c");
}

TEST(supervision, starts_nobody_of_a_group_while_one_of_it_still_ends) {
  world w{restart_strategy::one_for_all};
  w.child("a").child("b");
  w.run();
  EXPECT_EQ(w.remove("b"), "-b");
  EXPECT_EQ(w.crash("a"), "");
  EXPECT_EQ(w.wait(500), "");
  EXPECT_EQ(w.ends("b"), "xb +a");
}

TEST(supervision, cancels_a_planned_restart_when_it_closes) {
  auto w = abc(restart_strategy::one_for_one);
  w.crash("c");
  EXPECT_EQ(w.close(), "-b");
  EXPECT_EQ(w.ends("b"), "-a");
  EXPECT_EQ(w.ends("a"), "end");
}

TEST(supervision, starts_an_added_child_behind_the_others) {
  auto w = abc(restart_strategy::rest_for_one);
  EXPECT_EQ(w.sut.add({.id = "d"}, w.now), supervision::add_outcome::accepted);
  EXPECT_EQ(w.run(), "+d");
  EXPECT_EQ(w.crash("c"), "-d");
}

TEST(supervision, holds_an_added_child_back_while_its_group_restarts) {
  auto w = abc(restart_strategy::one_for_all);
  w.crash("c");
  w.ends("b");
  w.sut.add({.id = "d"}, w.now);
  EXPECT_EQ(w.run(), "");
  EXPECT_EQ(w.ends("a"), "");
  EXPECT_EQ(w.wait(100), "+a +b +c +d");
}

TEST(supervision, does_not_wake_for_a_child_that_must_not_overtake) {
  auto w = abc(restart_strategy::rest_for_one);
  w.crash("c");
  w.sut.add({.id = "d"}, w.now);
  EXPECT_EQ(w.run(), "");
  EXPECT_EQ(w.sut.next_wake(), 100);
}

TEST(supervision, refuses_an_added_child_that_does_not_start) {
  auto w = abc(restart_strategy::one_for_one);
  w.broken = {"d"};
  w.sut.add({.id = "d"}, w.now);
  EXPECT_EQ(w.run(), "+d ?d");
  EXPECT_EQ(w.sut.children().size(), 3u);
  EXPECT_EQ(w.sut.next_wake(), std::nullopt);
}

TEST(supervision, refuses_to_add_what_is_there_or_when_it_closes) {
  auto w = abc(restart_strategy::one_for_one);
  EXPECT_EQ(w.sut.add({.id = "b"}, w.now), supervision::add_outcome::exists);
  w.crash("b");
  EXPECT_EQ(w.sut.add({.id = "b"}, w.now), supervision::add_outcome::exists) << "it is about to be restarted";
  w.close();
  EXPECT_EQ(w.sut.add({.id = "d"}, w.now), supervision::add_outcome::closing);
}

TEST(supervision, takes_up_again_a_child_that_has_ended) {
  auto w = abc(restart_strategy::one_for_one, transient);
  w.ends("b");
  EXPECT_EQ(w.sut.add({.id = "b", .restart = permanent}, w.now), supervision::add_outcome::accepted);
  EXPECT_EQ(w.run(), "+b");
  w.ends("b");
  EXPECT_EQ(w.wait(100), "+b") << "it is permanent now";
}

TEST(supervision, removes_a_child_when_it_is_gone) {
  auto w = abc(restart_strategy::one_for_all);
  EXPECT_EQ(w.remove("b"), "-b");
  EXPECT_EQ(w.remove("b"), "") << "again changes nothing";
  EXPECT_EQ(w.crash("b"), "xb") << "an end that was asked for is no crash";
  EXPECT_FALSE(w.sut.remove("b", w.now));
}

TEST(supervision, removes_a_child_that_waits_for_its_restart) {
  auto w = abc(restart_strategy::one_for_one);
  w.crash("b");
  EXPECT_EQ(w.remove("b"), "xb");
  EXPECT_EQ(w.wait(1'000), "");
}

TEST(supervision, does_not_restart_with_its_group_a_child_that_is_being_removed) {
  auto w = abc(restart_strategy::one_for_all);
  w.crash("a");
  EXPECT_EQ(w.remove("c"), "");
  EXPECT_EQ(w.ends("c"), "xc -b");
  EXPECT_EQ(w.ends("b"), "");
  EXPECT_EQ(w.wait(100), "+a +b");
}

TEST(supervision, answers_removals_and_additions_while_it_closes) {
  auto w = abc(restart_strategy::one_for_all);
  w.crash("a");
  w.sut.add({.id = "d"}, w.now);
  w.run();
  EXPECT_EQ(w.close(), "?d");
  EXPECT_EQ(w.remove("b"), "") << "its turn will come";
  EXPECT_EQ(w.ends("c"), "-b");
  EXPECT_EQ(w.ends("b"), "xb end");
}

TEST(supervision, counts_the_restarts_of_each_child) {
  auto w = abc(restart_strategy::rest_for_one);
  w.crash("b");
  w.ends("c");
  w.wait(100);
  auto children = w.sut.children();
  EXPECT_EQ(children.at(0).restarts, 0u);
  EXPECT_EQ(children.at(1).restarts, 1u);
  EXPECT_EQ(children.at(2).restarts, 1u);
  EXPECT_TRUE(children.at(2).up);
}

} // namespace
} // namespace troupe
