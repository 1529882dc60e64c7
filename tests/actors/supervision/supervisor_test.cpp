#include "actors/supervision/supervisor.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/metric_value.hpp"

#include <prometheus/registry.h>

#include <caf/behavior.hpp>

#include <map>
#include <set>
#include <stdexcept>
#include <string>

namespace troupe {
namespace {

using namespace std::chrono_literals;

constexpr auto shutdown = caf::exit_reason::user_shutdown;

/// What the children of a test have in common: a log of "+a" started, "-a" told to end, "!a" crashed.
struct playground {
  std::string log;
  std::map<std::string, caf::actor> latest;
  std::set<std::string> broken;
  std::set<std::string> stubborn;
  int work_done = 0;

  void note(const std::string& what) {
    log += (log.empty() ? "" : " ") + what;
  }
};

using playground_ptr = std::shared_ptr<playground>;

/// A string makes it crash, a number end normally, a unit is work.
caf::behavior child(caf::event_based_actor* self, std::string id, playground_ptr all) {
  all->note("+" + id);
  self->set_exit_handler([=](caf::exit_msg& msg) {
    all->note("-" + id);
    if (!all->stubborn.contains(id))
      self->quit(std::move(msg.reason));
  });
  self->set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
  return {
      [=](const std::string& why) {
        all->note("!" + id);
        throw std::runtime_error{why};
      },
      [=](int) { self->quit(); },
      [=](caf::unit_t) { ++all->work_done; },
  };
}

struct supervisor_test : test::actor_fixture {
  prometheus::Registry metrics;
  playground_ptr all = std::make_shared<playground>();
  supervisor_actor sut;

  ~supervisor_test() override {
    // Children that ignore requests to end are killed after their grace.
    if (sut) {
      stop(sut);
      advance(60s);
    }
  }

  child_spec spec(const std::string& id, restart_type restart = restart_type::permanent, milliseconds grace = 1s) {
    auto start = [id, shared = all](caf::actor_system& system) {
      if (shared->broken.contains(id))
        throw std::runtime_error{"broken"};
      return shared->latest[id] = system.spawn(child, id, shared);
    };
    return {.id = id, .start = start, .restart = restart, .grace = grace};
  }

  supervisor_config config(restart_strategy strategy, std::vector<child_spec> children, size_t intensity = 5) {
    return {.name = "test",
            .strategy = strategy,
            .limits = {.intensity = intensity, .backoff = {.initial = 100ms, .factor = 2, .jitter = 0}},
            .children = std::move(children)};
  }

  void start(restart_strategy strategy, std::vector<child_spec> children, size_t intensity = 5) {
    sut = sys.spawn(supervisor, config(strategy, std::move(children), intensity), supervisor_probe{metrics, "test"});
    run();
  }

  /// What happened since the last call.
  std::string log() {
    return std::exchange(all->log, {});
  }

  std::string crash(const std::string& id) {
    caf::anon_send(all->latest.at(id), std::string{"for the test"});
    run();
    return log();
  }

  std::string wait(caf::timespan dt) {
    advance(dt);
    return log();
  }

  /// Tells `who` to end and follows it to its end; the reason it gives.
  template <class Handle>
  caf::error end_of(const Handle& who) {
    caf::error reason = caf::sec::runtime_error;
    self->monitor(who);
    run();
    if (self->has_next_message())
      self->receive([&](const caf::down_msg& down) { reason = down.reason; });
    return reason;
  }

  std::string up() {
    std::string out;
    auto children = ask<std::vector<child_status>>(sut, list_children{}).value();
    for (const auto& x : children)
      out += x.id + (x.up ? ":up:" : ":down:") + std::to_string(x.restarts) + " ";
    return out;
  }

  double metric(const std::string& name) {
    return test::metric_value(metrics, "troupe_supervisor_" + name, {{"supervisor", "test"}}).value_or(-1);
  }
};

TEST_F(supervisor_test, starts_its_children_in_order) {
  start(restart_strategy::one_for_one, {spec("a"), spec("b"), spec("c")});
  EXPECT_EQ(log(), "+a +b +c");
  EXPECT_EQ(up(), "a:up:0 b:up:0 c:up:0 ");
}

TEST_F(supervisor_test, one_for_one_restarts_the_crashed_child_alone_after_its_backoff) {
  start(restart_strategy::one_for_one, {spec("a"), spec("b")});
  log();
  EXPECT_EQ(crash("a"), "!a");
  EXPECT_EQ(up(), "a:down:0 b:up:0 ");
  EXPECT_EQ(wait(99ms), "");
  EXPECT_EQ(wait(1ms), "+a");
  EXPECT_EQ(crash("a"), "!a");
  EXPECT_EQ(wait(199ms), "");
  EXPECT_EQ(wait(1ms), "+a");
  EXPECT_EQ(up(), "a:up:2 b:up:0 ");
  EXPECT_EQ(metric("restarts_total"), 2);
}

TEST_F(supervisor_test, one_for_all_restarts_everybody) {
  start(restart_strategy::one_for_all, {spec("a"), spec("b"), spec("c")});
  log();
  EXPECT_EQ(crash("b"), "!b -c -a");
  EXPECT_EQ(wait(100ms), "+a +b +c");
}

TEST_F(supervisor_test, rest_for_one_restarts_the_child_and_those_behind_it) {
  start(restart_strategy::rest_for_one, {spec("a"), spec("b"), spec("c")});
  log();
  EXPECT_EQ(crash("b"), "!b -c");
  EXPECT_EQ(wait(100ms), "+b +c");
}

TEST_F(supervisor_test, knows_a_normal_end_from_a_crash) {
  start(restart_strategy::one_for_one,
        {spec("p"), spec("t", restart_type::transient), spec("u", restart_type::temporary)});
  log();
  for (const auto* id : {"p", "t", "u"})
    self->send(all->latest.at(id), 1);
  run();
  EXPECT_EQ(up(), "p:down:0 t:down:0 ") << "a temporary child is forgotten";
  EXPECT_EQ(wait(1min), "+p");
  caf::anon_send_exit(all->latest.at("p"), shutdown);
  run();
  EXPECT_EQ(log(), "-p");
  EXPECT_EQ(wait(1min), "+p");
}

TEST_F(supervisor_test, restarts_a_transient_child_that_crashed_and_not_a_temporary_one) {
  start(restart_strategy::one_for_one, {spec("t", restart_type::transient), spec("u", restart_type::temporary)});
  log();
  crash("t");
  crash("u");
  EXPECT_EQ(wait(1min), "+t");
}

TEST_F(supervisor_test, escalates_when_children_crash_too_often) {
  start(restart_strategy::one_for_one, {spec("a"), spec("b"), spec("c")}, 1);
  crash("b");
  wait(100ms);
  log();
  EXPECT_EQ(crash("b"), "!b -c -a");
  auto reason = end_of(sut);
  EXPECT_EQ(reason, ec::unavailable);
  EXPECT_NE(from_caf(reason).message.find("test gave up"), std::string::npos);
  EXPECT_EQ(metric("escalations_total"), 1);
}

TEST_F(supervisor_test, takes_a_failed_start_for_a_crash) {
  all->broken = {"b"};
  start(restart_strategy::one_for_one, {spec("a"), spec("b")});
  EXPECT_EQ(log(), "+a");
  all->broken.clear();
  EXPECT_EQ(wait(100ms), "+b");
}

TEST_F(supervisor_test, takes_a_null_handle_for_a_crash) {
  auto null = spec("a");
  null.start = [](caf::actor_system&) { return caf::actor{}; };
  start(restart_strategy::one_for_one, {null}, 0);
  EXPECT_EQ(end_of(sut), ec::unavailable);
}

TEST_F(supervisor_test, stops_its_children_in_reverse_order_and_ends_with_the_reason_given) {
  start(restart_strategy::one_for_one, {spec("a"), spec("b"), spec("c")});
  log();
  self->send_exit(sut, shutdown);
  EXPECT_EQ(end_of(sut), shutdown);
  EXPECT_EQ(log(), "-c -b -a");
  EXPECT_EQ(metric("escalations_total"), 0);
}

TEST_F(supervisor_test, kills_a_child_that_ignores_the_request_to_end) {
  all->stubborn = {"b"};
  start(restart_strategy::one_for_one, {spec("a"), spec("b", restart_type::permanent, 500ms), spec("c")});
  log();
  self->send_exit(sut, shutdown);
  run();
  EXPECT_EQ(log(), "-c -b");
  EXPECT_EQ(wait(499ms), "");
  EXPECT_EQ(wait(1ms), "-a");
  EXPECT_EQ(end_of(sut), shutdown);
  EXPECT_EQ(end_of(all->latest.at("b")), caf::exit_reason::kill);
}

TEST_F(supervisor_test, starts_nobody_while_it_ends) {
  start(restart_strategy::one_for_one, {spec("a"), spec("b")});
  crash("b");
  log();
  self->send_exit(sut, shutdown);
  EXPECT_EQ(end_of(sut), shutdown);
  EXPECT_EQ(wait(1min), "-a");
}

TEST_F(supervisor_test, lets_the_request_to_end_overtake_waiting_work) {
  start(restart_strategy::one_for_one, {spec("a")});
  for (int i = 0; i < 1'000; ++i)
    caf::anon_send(all->latest.at("a"), caf::unit);
  self->send_exit(sut, shutdown);
  ASSERT_TRUE(deliver<caf::exit_msg>(self, sut));
  run();
  EXPECT_EQ(all->work_done, 0);
}

TEST_F(supervisor_test, takes_its_children_with_it_when_it_is_killed) {
  all->stubborn = {"a"};
  start(restart_strategy::one_for_one, {spec("a"), spec("b")});
  self->send_exit(sut, caf::exit_reason::kill);
  run();
  EXPECT_EQ(end_of(all->latest.at("a")), caf::exit_reason::kill);
  EXPECT_EQ(end_of(all->latest.at("b")), caf::exit_reason::kill);
}

TEST_F(supervisor_test, starts_children_on_request) {
  start(restart_strategy::one_for_one, {spec("a")});
  auto started = ask<caf::actor>(sut, start_child{spec("b")});
  ASSERT_TRUE(started);
  EXPECT_EQ(*started, all->latest.at("b"));
  EXPECT_EQ(ask<caf::actor>(sut, start_child{spec("b")}).error(), ec::already_exists);
  crash("b");
  EXPECT_EQ(wait(100ms), "+b");
}

TEST_F(supervisor_test, takes_up_again_a_child_that_has_ended) {
  start(restart_strategy::one_for_one, {spec("t", restart_type::transient)});
  self->send(all->latest.at("t"), 1);
  run();
  log();
  EXPECT_TRUE(ask<caf::actor>(sut, start_child{spec("t")}));
  EXPECT_EQ(log(), "+t");
}

TEST_F(supervisor_test, refuses_to_start_what_cannot_be_started) {
  start(restart_strategy::one_for_one, {spec("a")});
  all->broken = {"b"};
  EXPECT_EQ(ask<caf::actor>(sut, start_child{spec("b")}).error(), ec::internal);
  EXPECT_EQ(ask<caf::actor>(sut, start_child{spec("")}).error(), ec::invalid_input);
  EXPECT_EQ(ask<caf::actor>(sut, start_child{}).error(), ec::invalid_input);
  EXPECT_EQ(up(), "a:up:0 ");
  all->broken.clear();
  EXPECT_TRUE(ask<caf::actor>(sut, start_child{spec("b")}));
}

TEST_F(supervisor_test, answers_a_request_to_start_once_its_group_is_back) {
  start(restart_strategy::one_for_all, {spec("a")});
  crash("a");
  auto request = self->request(sut, caf::infinite, start_child{spec("b")});
  EXPECT_EQ(reply<caf::actor>(request).error(), caf::sec::request_timeout);
  log();
  EXPECT_EQ(wait(100ms), "+a +b");
  EXPECT_TRUE(reply<caf::actor>(request));
}

TEST_F(supervisor_test, stops_children_on_request) {
  all->stubborn = {"b"};
  start(restart_strategy::one_for_all, {spec("a"), spec("b")});
  log();
  EXPECT_TRUE(ask<v1::Ack>(sut, stop_child{"a"}));
  EXPECT_EQ(log(), "-a");
  auto first = self->request(sut, caf::infinite, stop_child{"b"});
  auto second = self->request(sut, caf::infinite, stop_child{"b"});
  EXPECT_EQ(reply<v1::Ack>(first).error(), caf::sec::request_timeout) << "it is not gone yet";
  EXPECT_EQ(wait(1s), "-b");
  EXPECT_TRUE(reply<v1::Ack>(first));
  EXPECT_TRUE(reply<v1::Ack>(second));
  EXPECT_EQ(ask<v1::Ack>(sut, stop_child{"b"}).error(), ec::not_found);
  EXPECT_EQ(wait(1min), "") << "nobody is restarted for that";
  EXPECT_EQ(up(), "");
}

TEST_F(supervisor_test, refuses_children_while_it_ends) {
  all->stubborn = {"a"};
  start(restart_strategy::one_for_one, {spec("a")});
  self->send_exit(sut, shutdown);
  EXPECT_EQ(ask<caf::actor>(sut, start_child{spec("b")}).error(), ec::unavailable);
}

TEST_F(supervisor_test, answers_those_that_wait_when_it_ends) {
  start(restart_strategy::one_for_all, {spec("a")});
  crash("a");
  auto request = self->request(sut, caf::infinite, start_child{spec("b")});
  run();
  self->send_exit(sut, shutdown);
  EXPECT_EQ(reply<caf::actor>(request).error(), ec::internal);
}

TEST_F(supervisor_test, supervises_supervisors) {
  auto inner = config(restart_strategy::one_for_one, {spec("x"), spec("y")}, 0);
  start(restart_strategy::rest_for_one,
        {spec("a"), supervisor_child("inner", inner, supervisor_probe{metrics, "inner"}), spec("b")});
  EXPECT_EQ(log(), "+a +x +y +b");
  EXPECT_EQ(crash("x"), "!x -y -b") << "the inner one gives up, the outer one takes care";
  EXPECT_EQ(wait(100ms), "+x +y +b");
  self->send_exit(sut, shutdown);
  EXPECT_EQ(end_of(sut), shutdown);
  EXPECT_EQ(log(), "-b -y -x -a");
}

TEST_F(supervisor_test, grants_a_supervisor_the_time_its_children_need) {
  all->stubborn = {"x", "y"};
  auto inner = config(restart_strategy::one_for_one,
                      {spec("x", restart_type::permanent, 20s), spec("y", restart_type::permanent, 30s)});
  start(restart_strategy::one_for_one, {supervisor_child("inner", inner, supervisor_probe{metrics, "inner"})});
  log();
  self->send_exit(sut, shutdown);
  run();
  EXPECT_EQ(log(), "-y");
  EXPECT_EQ(wait(30s), "-x");
  wait(20s);
  EXPECT_EQ(end_of(sut), shutdown);
}

TEST(supervisor_config_test, names_what_is_wrong) {
  auto start = [](caf::actor_system&) { return caf::actor{}; };
  EXPECT_FALSE(validate({.name = "x", .children = {{.id = "a", .start = start}, {.id = "b", .start = start}}}));
  for (const auto& wrong : std::vector<supervisor_config>{
           {.name = "x", .children = {{.id = "a", .start = start}, {.id = "a", .start = start}}},
           {.name = "x", .children = {{.id = "", .start = start}}},
           {.name = "x", .children = {{.id = "a", .start = {}}}},
           {.name = "x", .children = {{.id = "a", .start = start, .grace = -1ms}}},
           {.name = "x", .limits = {.period = -1ms}},
           {.name = "x", .limits = {.backoff = {.factor = 0.5}}},
           {.name = "x", .limits = {.backoff = {.jitter = 1.5}}}})
    EXPECT_EQ(validate(wrong), ec::invalid_input);
}

} // namespace
} // namespace troupe
