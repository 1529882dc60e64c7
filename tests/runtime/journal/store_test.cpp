#include "runtime/journal/store.hpp"

#include "tests/runtime/journal/store_under_test.hpp"
#include "tests/support/journal_requests.hpp"

#include <gtest/gtest.h>

#include <set>

namespace troupe {
namespace {

using test::append_one;
using test::append_request;
using test::claim_request;
using test::code_of;
using test::create_request;
using test::ending;

/// What every store must do.
template <class Factory>
struct store_test : ::testing::Test {
  std::set<std::string> living;
  Factory factory;
  std::unique_ptr<store> sut = factory.make([this](const std::string& owner) { return living.contains(owner); });

  v1::RunDetails loaded(const std::string& run_id) {
    return sut->load(run_id).value();
  }
};

using all_stores = ::testing::Types<test::memory_store_factory, test::sqlite_store_factory>;
TYPED_TEST_SUITE(store_test, all_stores);

TYPED_TEST(store_test, loads_what_was_created) {
  auto request = create_request("r");
  auto created = this->sut->create(request);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->SerializeAsString(), request.summary().SerializeAsString());
  auto run = this->loaded("r");
  EXPECT_EQ(run.summary().SerializeAsString(), request.summary().SerializeAsString());
  EXPECT_EQ(run.definition(), request.definition());
  ASSERT_EQ(run.events_size(), 1);
  EXPECT_EQ(run.events(0).SerializeAsString(), request.events(0).SerializeAsString());
}

TYPED_TEST(store_test, answers_the_existing_run_when_the_id_is_taken) {
  ASSERT_TRUE(this->sut->create(create_request("r", "boot-a", 1)));
  auto again = this->sut->create(create_request("r", "boot-b", 2));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->owner(), "boot-a");
  EXPECT_EQ(again->created_at_ms(), 1);
  EXPECT_EQ(this->loaded("r").events_size(), 1);
}

TYPED_TEST(store_test, refuses_a_run_without_an_id_or_a_definition_hash) {
  EXPECT_EQ(code_of(this->sut->create(create_request(""))), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(code_of(this->sut->create(create_request(std::string(1'000, 'r')))), v1::ERROR_CODE_INVALID_INPUT);
  auto request = create_request("r");
  request.mutable_summary()->clear_definition_hash();
  EXPECT_EQ(code_of(this->sut->create(request)), v1::ERROR_CODE_INVALID_INPUT);
}

TYPED_TEST(store_test, refuses_two_definitions_under_one_hash) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto other = create_request("s");
  other.set_definition("another");
  EXPECT_EQ(code_of(this->sut->create(other)), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(code_of(this->sut->load("s")), v1::ERROR_CODE_NOT_FOUND);
}

TYPED_TEST(store_test, keeps_empty_and_binary_text_as_it_is) {
  auto request = create_request(std::string("r\0x", 3));
  request.mutable_summary()->clear_workflow();
  request.set_definition(std::string("\0\xff", 2));
  ASSERT_TRUE(this->sut->create(request));
  auto run = this->loaded(std::string("r\0x", 3));
  EXPECT_EQ(run.summary().run_id(), std::string("r\0x", 3));
  EXPECT_EQ(run.definition(), std::string("\0\xff", 2));
  EXPECT_EQ(code_of(this->sut->load("r")), v1::ERROR_CODE_NOT_FOUND);
}

TYPED_TEST(store_test, appends_behind_the_last_event) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto appended = append_one(*this->sut, append_request("r", 1, 2, 3));
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->run_id(), "r");
  EXPECT_EQ(appended->last_seq(), 4u);
  auto run = this->loaded("r");
  ASSERT_EQ(run.events_size(), 4);
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(run.events(i).timer_fired().timer(), static_cast<uint64_t>(i) + 1);
}

TYPED_TEST(store_test, skips_events_that_an_owner_sends_again) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  ASSERT_TRUE(append_one(*this->sut, append_request("r", 1, 2, 2)));
  auto again = append_one(*this->sut, append_request("r", 1, 2, 3));
  ASSERT_TRUE(again) << "the owner did not hear that the first two were stored";
  EXPECT_EQ(again->last_seq(), 4u);
  auto late = append_one(*this->sut, append_request("r", 1, 2, 2));
  ASSERT_TRUE(late) << "the first one arrives twice";
  EXPECT_EQ(late->last_seq(), 4u);
  auto run = this->loaded("r");
  ASSERT_EQ(run.events_size(), 4);
  for (int i = 1; i < 4; ++i)
    EXPECT_EQ(run.events(i).timer_fired().timer(), static_cast<uint64_t>(i) + 1);
  ASSERT_TRUE(this->sut->claim(claim_request("r", 1, "boot-a")));
  EXPECT_EQ(code_of(append_one(*this->sut, append_request("r", 1, 2, 3))), v1::ERROR_CODE_FENCED);
}

TYPED_TEST(store_test, refuses_gaps_and_other_events_in_the_place_of_stored_ones) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  for (uint64_t first_seq : {0, 1, 3})
    EXPECT_EQ(code_of(append_one(*this->sut, append_request("r", 1, first_seq))), v1::ERROR_CODE_FENCED) << first_seq;
  EXPECT_EQ(this->loaded("r").events_size(), 1);
}

TYPED_TEST(store_test, does_not_let_a_refused_entry_spoil_the_others) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  ASSERT_TRUE(this->sut->create(create_request("s")));
  auto good = append_request("r", 1, 2);
  auto stale = append_request("s", 7, 2);
  auto unknown = append_request("nobody", 1, 1);
  auto next = append_request("r", 1, 3);
  const v1::AppendEvents* batch[] = {&good, &stale, &unknown, &next};
  auto out = this->sut->append(batch);
  ASSERT_TRUE(out);
  ASSERT_EQ(out->size(), 4u);
  EXPECT_TRUE(out->at(0));
  EXPECT_EQ(code_of(out->at(1)), v1::ERROR_CODE_FENCED);
  EXPECT_EQ(code_of(out->at(2)), v1::ERROR_CODE_NOT_FOUND);
  ASSERT_TRUE(out->at(3));
  EXPECT_EQ(out->at(3)->last_seq(), 3u);
  EXPECT_EQ(this->loaded("r").events_size(), 3);
  EXPECT_EQ(this->loaded("s").events_size(), 1);
}

TYPED_TEST(store_test, takes_of_the_last_summary_the_end_alone) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto last = ending(append_request("r", 1, 2), v1::RUN_STATE_FAILED, "no agent answered");
  last.mutable_summary()->set_owner("thief");
  last.mutable_summary()->set_epoch(99);
  ASSERT_TRUE(append_one(*this->sut, last));
  auto summary = this->loaded("r").summary();
  EXPECT_EQ(summary.state(), v1::RUN_STATE_FAILED);
  EXPECT_EQ(summary.finished_at_ms(), 2'000);
  EXPECT_EQ(summary.error(), "no agent answered");
  EXPECT_EQ(summary.owner(), "boot-a");
  EXPECT_EQ(summary.epoch(), 1u);
  EXPECT_EQ(summary.workflow(), "review");
}

TYPED_TEST(store_test, ends_a_run_without_a_further_event) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto appended = append_one(*this->sut, ending(append_request("r", 1, 2, 0), v1::RUN_STATE_SUCCEEDED));
  ASSERT_TRUE(appended);
  EXPECT_EQ(appended->last_seq(), 1u);
  EXPECT_EQ(this->loaded("r").summary().state(), v1::RUN_STATE_SUCCEEDED);
}

TYPED_TEST(store_test, fences_the_former_owner_after_a_claim) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto claimed = this->sut->claim(claim_request("r", 1, "boot-b"));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->epoch(), 2u);
  EXPECT_EQ(claimed->owner(), "boot-b");
  EXPECT_EQ(code_of(append_one(*this->sut, append_request("r", 1, 2))), v1::ERROR_CODE_FENCED);
  EXPECT_TRUE(append_one(*this->sut, append_request("r", 2, 2)));
}

TYPED_TEST(store_test, lets_one_of_two_claims_win) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  ASSERT_TRUE(this->sut->claim(claim_request("r", 1, "boot-b")));
  EXPECT_EQ(code_of(this->sut->claim(claim_request("r", 1, "boot-c"))), v1::ERROR_CODE_FENCED);
  EXPECT_EQ(this->loaded("r").summary().owner(), "boot-b");
}

TYPED_TEST(store_test, does_not_take_a_run_from_a_living_owner) {
  this->living = {"boot-a"};
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto refused = this->sut->claim(claim_request("r", 1, "boot-b"));
  EXPECT_EQ(code_of(refused), v1::ERROR_CODE_FENCED);
  EXPECT_NE(refused.error().message.find("boot-a"), std::string::npos);
  this->living.clear();
  EXPECT_TRUE(this->sut->claim(claim_request("r", 1, "boot-b")));
}

TYPED_TEST(store_test, lets_an_owner_claim_its_own_run_again) {
  this->living = {"boot-a"};
  ASSERT_TRUE(this->sut->create(create_request("r")));
  auto claimed = this->sut->claim(claim_request("r", 1, "boot-a"));
  ASSERT_TRUE(claimed);
  EXPECT_EQ(claimed->epoch(), 2u);
}

TYPED_TEST(store_test, refuses_a_claim_of_nothing_and_by_nobody) {
  ASSERT_TRUE(this->sut->create(create_request("r")));
  EXPECT_EQ(code_of(this->sut->claim(claim_request("s", 1, "boot-b"))), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(code_of(this->sut->claim(claim_request("r", 1, ""))), v1::ERROR_CODE_INVALID_INPUT);
}

TYPED_TEST(store_test, says_that_an_unknown_run_is_not_there) {
  EXPECT_EQ(code_of(this->sut->load("r")), v1::ERROR_CODE_NOT_FOUND);
}

TYPED_TEST(store_test, lists_the_newest_first) {
  for (auto [id, at] : {std::pair{"old", 1}, {"new", 3}, {"twin-1", 2}, {"twin-2", 2}})
    ASSERT_TRUE(this->sut->create(create_request(id, "boot-a", at)));
  auto runs = this->sut->list(0, false).value();
  std::vector<std::string> ids;
  for (const auto& run : runs.runs())
    ids.push_back(run.run_id());
  EXPECT_EQ(ids, (std::vector<std::string>{"new", "twin-2", "twin-1", "old"}));
}

TYPED_TEST(store_test, lists_no_more_than_asked_for) {
  for (int i = 0; i < 102; ++i)
    ASSERT_TRUE(this->sut->create(create_request("r" + std::to_string(i))));
  EXPECT_EQ(this->sut->list(0, false)->runs_size(), 100);
  EXPECT_EQ(this->sut->list(2, false)->runs_size(), 2);
  EXPECT_EQ(this->sut->list(std::numeric_limits<uint32_t>::max(), true)->runs_size(), 102);
}

TYPED_TEST(store_test, lists_the_unfinished_alone_when_asked) {
  for (const auto* id : {"r", "s", "t"})
    ASSERT_TRUE(this->sut->create(create_request(id)));
  ASSERT_TRUE(append_one(*this->sut, ending(append_request("r", 1, 2), v1::RUN_STATE_PARTIAL)));
  ASSERT_TRUE(append_one(*this->sut, ending(append_request("t", 1, 2), v1::RUN_STATE_CANCELLED)));
  auto runs = this->sut->list(0, true).value();
  ASSERT_EQ(runs.runs_size(), 1);
  EXPECT_EQ(runs.runs(0).run_id(), "s");
}

TYPED_TEST(store_test, takes_an_empty_batch) {
  auto out = this->sut->append({});
  ASSERT_TRUE(out);
  EXPECT_TRUE(out->empty());
}

TEST(memory_store_test, fails_as_often_as_told_and_changes_nothing) {
  memory_store sut;
  ASSERT_TRUE(sut.create(create_request("r")));
  sut.fail_next(2);
  auto failed = append_one(sut, append_request("r", 1, 2));
  EXPECT_EQ(code_of(failed), v1::ERROR_CODE_STORE);
  EXPECT_TRUE(failed.error().retryable);
  EXPECT_EQ(code_of(sut.load("r")), v1::ERROR_CODE_STORE);
  EXPECT_EQ(sut.load("r")->events_size(), 1);
  EXPECT_EQ(sut.commits(), 1u);
}

TEST(memory_store_test, keeps_the_newest_of_the_ended_runs_and_all_that_have_not_ended) {
  memory_store sut{{}, 4'096};
  ASSERT_TRUE(sut.create(create_request("unfinished")));
  for (int i = 0; i < 20; ++i) {
    auto id = "r" + std::to_string(i);
    ASSERT_TRUE(sut.create(create_request(id)));
    ASSERT_TRUE(append_one(sut, ending(append_request(id, 1, 2), v1::RUN_STATE_SUCCEEDED)));
    ASSERT_TRUE(sut.load(id)) << "whoever waited for its end can read it";
  }
  auto kept = sut.list(0, false).value();
  EXPECT_GE(kept.runs_size(), 3);
  EXPECT_LE(kept.runs_size(), 5);
  EXPECT_EQ(kept.runs(0).run_id(), "r19");
  EXPECT_EQ(kept.runs(kept.runs_size() - 1).run_id(), "unfinished");
  EXPECT_TRUE(append_one(sut, append_request("unfinished", 1, 2)));
  auto gone = sut.load("r0");
  ASSERT_EQ(code_of(gone), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_NE(gone.error().message.find("no run goes by the id \"r0\". "), std::string::npos) << gone.error().message;
  EXPECT_NE(gone.error().message.find("no longer kept"), std::string::npos) << gone.error().message;
}

TEST(memory_store_test, keeps_the_run_that_ended_last_whatever_it_takes) {
  memory_store sut{{}, 0};
  for (const auto* id : {"r", "s"}) {
    ASSERT_TRUE(sut.create(create_request(id)));
    ASSERT_TRUE(append_one(sut, ending(append_request(id, 1, 2), v1::RUN_STATE_FAILED)));
    EXPECT_TRUE(sut.load(id));
  }
  EXPECT_EQ(code_of(sut.load("r")), v1::ERROR_CODE_NOT_FOUND);
}

TYPED_TEST(store_test, writes_together_what_belongs_to_several_calls) {
  ASSERT_TRUE(this->sut->create(create_request("old")));
  auto done = this->sut->together([&] {
    EXPECT_TRUE(append_one(*this->sut, append_request("old", 1, 2)));
    EXPECT_TRUE(this->sut->create(create_request("new")));
  });
  ASSERT_TRUE(done);
  EXPECT_EQ(this->loaded("old").events_size(), 2);
  EXPECT_EQ(this->loaded("new").events_size(), 1);
  EXPECT_TRUE(append_one(*this->sut, append_request("new", 1, 2))) << "the next write is its own again";
}

} // namespace
} // namespace troupe
