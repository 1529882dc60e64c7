#include "actors/journal/journal.hpp"

#include "runtime/journal/memory_store.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/journal_requests.hpp"
#include "tests/support/metric_value.hpp"

#include <stdexcept>
#include <string>
#include <vector>

namespace troupe {
namespace {

using test::append_request;
using test::claim_request;
using test::create_request;

/// A store with a defect.
class throwing_store : public store {
public:
  result<std::vector<result<v1::EventsAppended>>> append(std::span<const v1::AppendEvents* const>) override {
    throw std::runtime_error{"defect"};
  }
  result<v1::RunSummary> create(const v1::CreateRun&) override {
    throw std::runtime_error{"defect"};
  }
  result<v1::RunSummary> claim(const v1::ClaimRun&) override {
    throw std::runtime_error{"defect"};
  }
  result<v1::RunDetails> load(const std::string&) override {
    throw std::runtime_error{"defect"};
  }
  result<v1::RunList> list(uint32_t, bool) override {
    throw std::runtime_error{"defect"};
  }
};

struct journal_test : test::actor_fixture {
  prometheus::Registry metrics;
  /// Owned by the journal.
  memory_store* disk = nullptr;
  journal_actor sut;

  journal_test() {
    start({});
  }

  ~journal_test() override {
    stop(sut);
  }

  void start(journal_config config) {
    if (sut)
      stop(sut);
    config.open = [this]() -> result<std::unique_ptr<store>> {
      auto opened = std::make_unique<memory_store>();
      disk = opened.get();
      return opened;
    };
    sut = sys.spawn(journal, config, journal_probe{metrics});
    run();
  }

  double metric(const std::string& name, const std::map<std::string, std::string>& labels = {}) {
    return test::metric_value(metrics, "troupe_journal_" + name, labels).value_or(-1);
  }

  auto request_append(const v1::AppendEvents& request) {
    return self->request(sut, caf::infinite, request);
  }

  int events_of(const std::string& run_id) {
    return disk->load(run_id)->events_size();
  }
};

TEST_F(journal_test, answers_an_append_once_it_is_stored) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto done = ask<v1::EventsAppended>(sut, append_request("r", 1, 2, 3));
  ASSERT_TRUE(done);
  EXPECT_EQ(done->last_seq(), 4u);
  EXPECT_EQ(events_of("r"), 4);
  EXPECT_EQ(metric("appends_total"), 1);
  EXPECT_EQ(metric("events_total"), 3);
  // The run's birth is the other one.
  EXPECT_EQ(metric("commits_total"), 2);
  EXPECT_EQ(metric("commit_seconds"), 2);
  EXPECT_EQ(metric("append_seconds"), 1);
  EXPECT_EQ(metric("batch_events"), 2);
}

TEST_F(journal_test, commits_together_what_waits_together) {
  constexpr int runs = 50;
  for (int i = 0; i < runs; ++i)
    ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r" + std::to_string(i))));
  auto before = disk->commits();
  std::vector<decltype(request_append({}))> waiting;
  for (int i = 0; i < runs; ++i)
    waiting.push_back(request_append(append_request("r" + std::to_string(i), 1, 2)));
  for (auto& x : waiting)
    EXPECT_TRUE(reply<v1::EventsAppended>(x));
  EXPECT_EQ(disk->commits(), before + 1);
  EXPECT_EQ(metric("appends_total"), runs);
  EXPECT_EQ(metric("commits_total"), runs + 1);
}

TEST_F(journal_test, takes_what_nobody_waits_for_before_it_answers) {
  auto backlog = std::make_shared<journal_backlog>();
  start({.backlog = backlog});
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  EXPECT_TRUE(backlog->add(std::make_shared<const v1::AppendEvents>(append_request("r", 1, 2)))) << "the first";
  EXPECT_FALSE(backlog->add(std::make_shared<const v1::AppendEvents>(append_request("r", 1, 3))));
  v1::GetRun get;
  get.set_run_id("r");
  EXPECT_EQ(ask<v1::RunDetails>(sut, get)->events_size(), 3);
}

TEST_F(journal_test, takes_what_nobody_waits_for_after_a_while) {
  auto backlog = std::make_shared<journal_backlog>();
  start({.backlog = backlog});
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  advance(std::chrono::seconds{1});
  backlog->add(std::make_shared<const v1::AppendEvents>(append_request("r", 1, 2)));
  caf::anon_send(sut, take_backlog{});
  caf::anon_send(sut, take_backlog{});
  run();
  EXPECT_EQ(events_of("r"), 1);
  advance(std::chrono::seconds{1});
  EXPECT_EQ(events_of("r"), 2);
}

TEST_F(journal_test, takes_what_its_last_life_left) {
  auto backlog = std::make_shared<journal_backlog>();
  for (size_t i = 0; i < 1'000; ++i)
    backlog->add(std::make_shared<const v1::AppendEvents>(append_request("r", 1, 2 + i)));
  start({.backlog = backlog});
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  EXPECT_TRUE(backlog->take().empty());
}

TEST_F(journal_test, keeps_the_order_of_one_run_within_a_batch) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto first = request_append(append_request("r", 1, 2));
  auto second = request_append(append_request("r", 1, 3));
  EXPECT_EQ(reply<v1::EventsAppended>(first)->last_seq(), 2u);
  EXPECT_EQ(reply<v1::EventsAppended>(second)->last_seq(), 3u);
}

TEST_F(journal_test, does_not_let_a_fenced_append_spoil_its_batch) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("s")));
  auto stale = request_append(append_request("r", 9, 2));
  auto unknown = request_append(append_request("nobody", 1, 2));
  auto good = request_append(append_request("s", 1, 2));
  EXPECT_EQ(reply<v1::EventsAppended>(stale).error(), ec::fenced);
  EXPECT_EQ(reply<v1::EventsAppended>(unknown).error(), ec::not_found);
  EXPECT_TRUE(reply<v1::EventsAppended>(good));
  EXPECT_EQ(metric("errors_total", {{"reason", "fenced"}}), 1);
  EXPECT_EQ(metric("errors_total", {{"reason", "not_found"}}), 1);
  EXPECT_EQ(metric("degraded"), 0);
}

TEST_F(journal_test, bounds_a_batch_by_events) {
  start({.most_events = 10});
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto first = request_append(append_request("r", 1, 2, 6));
  auto second = request_append(append_request("r", 1, 8, 6));
  auto third = request_append(append_request("r", 1, 14, 6));
  for (auto* x : {&first, &second, &third})
    EXPECT_TRUE(reply<v1::EventsAppended>(*x));
  EXPECT_EQ(disk->commits(), 1u + 2u);
}

TEST_F(journal_test, bounds_a_batch_by_bytes) {
  start({.most_bytes = 1});
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto first = request_append(append_request("r", 1, 2));
  auto second = request_append(append_request("r", 1, 3));
  for (auto* x : {&first, &second})
    EXPECT_TRUE(reply<v1::EventsAppended>(*x));
  EXPECT_EQ(disk->commits(), 1u + 2u);
}

TEST_F(journal_test, fails_a_whole_batch_with_the_words_of_the_store) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("s")));
  disk->fail_next(1);
  auto first = request_append(append_request("r", 1, 2));
  auto second = request_append(append_request("s", 1, 2));
  for (auto* x : {&first, &second}) {
    auto failed = reply<v1::EventsAppended>(*x);
    ASSERT_EQ(failed.error(), ec::store);
    EXPECT_EQ(from_caf(failed.error()).message, memory_store::disk_full().message);
  }
  EXPECT_EQ(events_of("r"), 1);
  EXPECT_EQ(metric("errors_total", {{"reason", "store"}}), 2);
  EXPECT_EQ(metric("degraded"), 1);
}

TEST_F(journal_test, refuses_new_runs_while_the_store_fails_and_takes_appends) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  disk->fail_next(1);
  ASSERT_FALSE(ask<v1::EventsAppended>(sut, append_request("r", 1, 2)));
  auto refused = ask<v1::RunSummary>(sut, create_request("s"));
  ASSERT_EQ(refused.error(), ec::store);
  EXPECT_NE(from_caf(refused.error()).message.find("disk is full"), std::string::npos);
  EXPECT_TRUE(ask<v1::RunList>(sut, v1::ListRuns{})) << "reads go on";
  EXPECT_TRUE(ask<v1::EventsAppended>(sut, append_request("r", 1, 2)));
  EXPECT_EQ(metric("degraded"), 0);
  EXPECT_TRUE(ask<v1::RunSummary>(sut, create_request("s")));
}

TEST_F(journal_test, probes_a_failing_store_with_one_new_run_per_interval) {
  disk->fail_next(2);
  EXPECT_EQ(ask<v1::RunSummary>(sut, create_request("r")).error(), ec::store);
  EXPECT_EQ(ask<v1::RunSummary>(sut, create_request("r")).error(), ec::store) << "refused without asking the store";
  advance(std::chrono::seconds{1});
  EXPECT_EQ(ask<v1::RunSummary>(sut, create_request("r")).error(), ec::store) << "the second injected failure";
  EXPECT_EQ(ask<v1::RunSummary>(sut, create_request("r")).error(), ec::store) << "refused without asking the store";
  advance(std::chrono::seconds{1});
  EXPECT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  EXPECT_EQ(metric("degraded"), 0);
}

TEST_F(journal_test, answers_claims_and_questions) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto claimed = ask<v1::RunSummary>(sut, claim_request("r", 1, "boot-b"));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->epoch(), 2u);
  EXPECT_EQ(ask<v1::RunSummary>(sut, claim_request("r", 1, "boot-c")).error(), ec::fenced);
  v1::GetRun get;
  get.set_run_id("r");
  EXPECT_EQ(ask<v1::RunDetails>(sut, get)->summary().owner(), "boot-b");
  get.set_run_id("nobody");
  EXPECT_EQ(ask<v1::RunDetails>(sut, get).error(), ec::not_found);
  EXPECT_EQ(ask<v1::RunList>(sut, v1::ListRuns{})->runs_size(), 1);
  EXPECT_EQ(metric("degraded"), 0);
}

TEST_F(journal_test, commits_what_it_has_taken_before_it_stops) {
  ASSERT_TRUE(ask<v1::RunSummary>(sut, create_request("r")));
  auto waiting = request_append(append_request("r", 1, 2));
  self->send_exit(sut, caf::exit_reason::user_shutdown);
  EXPECT_TRUE(reply<v1::EventsAppended>(waiting));
}

TEST_F(journal_test, answers_those_that_wait_when_it_crashes) {
  auto open = []() -> result<std::unique_ptr<store>> { return std::make_unique<throwing_store>(); };
  journal_actor crashing = sys.spawn(journal, journal_config{.open = open}, journal_probe{metrics});
  auto waiting = self->request(crashing, caf::infinite, append_request("r", 1, 2));
  EXPECT_EQ(reply<v1::EventsAppended>(waiting).error(), ec::unavailable);
}

TEST_F(journal_test, ends_with_the_error_of_a_store_that_does_not_open) {
  auto open = []() -> result<std::unique_ptr<store>> { return fail(v1::ERROR_CODE_STORE, "damaged"); };
  journal_actor closed = sys.spawn(journal, journal_config{.open = open}, journal_probe{metrics});
  caf::error reason;
  self->monitor(closed);
  run();
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  EXPECT_EQ(reason, ec::store);
  EXPECT_EQ(from_caf(reason).message, "damaged");
}

TEST(journal_config_test, names_the_value_that_is_out_of_range) {
  auto open = []() -> result<std::unique_ptr<store>> { return std::make_unique<memory_store>(); };
  EXPECT_FALSE(validate({.open = open}));
  EXPECT_EQ(validate({}), ec::invalid_input);
  EXPECT_EQ(validate({.open = open, .most_events = 0}), ec::invalid_input);
  EXPECT_EQ(validate({.open = open, .most_bytes = 0}), ec::invalid_input);
  EXPECT_EQ(validate({.open = open, .probe_interval = milliseconds{-1}}), ec::invalid_input);
}

} // namespace
} // namespace troupe
