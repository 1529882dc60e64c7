#include "actors/run/workspace.hpp"

#include "tests/actors/run/world.hpp"
#include "tests/support/workspace_mirror.hpp"

#include <caf/stateful_actor.hpp>
#include <gmock/gmock.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

constexpr const char* team = R"(
workflow: w
agents: {a: {kind: function}, b: {kind: function}}
steps:
  - id: write
    team:
      goal: a text
      turns: round_robin
      max_iterations: 2
      agents: [{role: a}, {role: b}]
)";

/// A watcher in the hands of the test: it says that it has dealt with something when it is told to.
struct patient_reader {
  std::deque<v1::WorkspaceUpdate> unread;
  test::workspace_mirror mirror;
  caf::strong_actor_ptr source;
  caf::error why_gone;
  bool gone = false;
};

struct workspace_test : test::world {
  std::vector<workspace_watcher_actor> watchers;

  ~workspace_test() override {
    for (auto& x : watchers)
      stop(x);
  }

  std::shared_ptr<patient_reader> watch(const coordinator_actor& at, const std::string& step = "write") {
    auto reader = std::make_shared<patient_reader>();
    watchers.push_back(
        sys.spawn([reader](workspace_watcher_actor::pointer self) -> workspace_watcher_actor::behavior_type {
          self->set_down_handler([reader](const caf::down_msg& down) {
            reader->gone = true;
            reader->why_gone = down.reason;
          });
          return {[self, reader](const v1::WorkspaceUpdate& x) {
            if (!reader->source) {
              reader->source = self->current_sender();
              self->monitor(caf::actor_cast<workspace_actor>(reader->source));
            }
            reader->unread.push_back(x);
          }};
        }));
    v1::WatchWorkspace request;
    request.set_run_id("r1");
    request.set_step(step);
    auto answered = ask<v1::Ack>(at, request, watchers.back());
    reader->why_gone = answered ? caf::error{} : answered.error();
    return reader;
  }

  /// Deals with all that it has, and all that comes of saying so.
  void read(patient_reader& x) {
    while (!x.unread.empty()) {
      auto update = std::move(x.unread.front());
      x.unread.pop_front();
      EXPECT_EQ(x.mirror.take(update), "");
      for (auto& watcher : watchers) {
        v1::WorkspaceSeen note;
        note.set_seq(update.seq());
        if (x.source)
          self->send(caf::actor_cast<workspace_actor>(x.source), note, watcher);
      }
      run();
    }
  }

  caf::expected<v1::WorkspaceView> look(const coordinator_actor& at, const std::string& step = "write",
                                        const std::string& artifact = {}) {
    v1::ReadWorkspace request;
    request.set_run_id("r1");
    request.set_step(step);
    request.set_artifact(artifact);
    return ask<v1::WorkspaceView>(at, request);
  }

  json document(const coordinator_actor& at) {
    auto view = look(at);
    return view ? test::comparable(json::parse(view->document())) : json{};
  }

  void operate(const dispatched& work, uint32_t number, const json& operation) {
    auto op = parse_operation(operation);
    op->set_run_id(work.task.run_id());
    op->set_task(work.task.task());
    op->set_attempt(work.task.attempt());
    op->set_epoch(work.task.epoch());
    op->set_number(number);
    v1::OpBatch batch;
    *batch.add_operations() = *op;
    self->send(work.owner, batch);
    run();
  }
};

TEST_F(workspace_test, shows_what_members_wrote_to_those_who_are_none) {
  ask<v1::RunAccepted>(boss, submission(team));
  answer(next_task(), "one");
  auto view = look(boss);
  ASSERT_TRUE(view) << from_caf(view.error()).message;
  EXPECT_EQ(view->run_id(), "r1");
  EXPECT_EQ(view->step(), "write");
  EXPECT_EQ(json::parse(view->document())["artifacts"]["a"], "one");
  auto artifact = look(boss, "", "a");
  ASSERT_TRUE(artifact);
  EXPECT_EQ(artifact->artifact().version().author(), "a");
}

TEST_F(workspace_test, tells_a_watcher_every_change_until_the_team_has_ended) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto reader = watch(boss);
  for (int turn = 0; turn < 4; ++turn) {
    auto work = next_task();
    operate(work, 1, {{"op", "decide"}, {"decision", turn}});
    operate(work, 2, {{"op", "log"}, {"text", "working"}});
    answer(work, "text " + std::to_string(turn));
    read(*reader);
    if (turn < 3) {
      EXPECT_EQ(test::comparable(reader->mirror.document), document(boss));
    }
  }
  EXPECT_TRUE(reader->mirror.ended);
  EXPECT_EQ(reader->mirror.documents, 1) << "no change was left out";
  EXPECT_EQ(test::comparable(reader->mirror.document), document(boss)) << "as the journal has it";
}

TEST_F(workspace_test, shows_nothing_that_is_not_durable) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto reader = watch(boss);
  read(*reader);
  seen->hold_appends = true;
  answer(next_task(), "one");
  EXPECT_TRUE(reader->unread.empty());
  EXPECT_EQ(document(boss)["artifacts"], json::object());
  release_appends();
  read(*reader);
  EXPECT_EQ(reader->mirror.document["artifacts"]["a"], "one");
}

TEST_F(workspace_test, makes_the_first_who_asks_wait_until_what_there_is_is_durable) {
  ask<v1::RunAccepted>(boss, submission(team));
  seen->hold_appends = true;
  answer(next_task(), "one");
  v1::ReadWorkspace question;
  question.set_run_id("r1");
  auto request = self->request(boss, caf::infinite, question);
  run();
  EXPECT_FALSE(self->has_next_message());
  release_appends();
  auto view = reply<v1::WorkspaceView>(request);
  ASSERT_TRUE(view);
  EXPECT_EQ(json::parse(view->document())["artifacts"]["a"], "one");
}

TEST_F(workspace_test, gives_a_late_watcher_the_same_picture) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto early = watch(boss);
  answer(next_task(), "one");
  auto late = watch(boss);
  answer(next_task(), "two");
  read(*early);
  read(*late);
  EXPECT_EQ(test::comparable(early->mirror.document), test::comparable(late->mirror.document));
  EXPECT_EQ(early->mirror.seq, late->mirror.seq);
}

TEST_F(workspace_test, gives_a_watcher_that_does_not_keep_up_one_document_for_all_that_it_missed) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto slow = watch(boss);
  auto work = next_task();
  for (uint32_t i = 1; i <= 500; ++i)
    operate(work, i, {{"op", "put"}, {"artifact", "draft"}, {"value", i}});
  EXPECT_LE(slow->unread.size(), 64U);
  answer(work, "one");
  read(*slow);
  EXPECT_EQ(slow->mirror.documents, 2);
  EXPECT_EQ(slow->mirror.document["artifacts"]["draft"], 500);
  EXPECT_EQ(test::comparable(slow->mirror.document), document(boss));
}

TEST_F(workspace_test, tells_its_watchers_that_they_must_ask_again_when_the_run_changes_hands) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto before = watch(boss);
  answer(next_task(), "one");
  read(*before);
  stop(boss);
  EXPECT_TRUE(before->gone);
  EXPECT_FALSE(before->mirror.ended);
  boss = spawn_coordinator("c2");
  ask<v1::RunList>(boss, v1::ResumeRuns{});
  auto after = watch(boss);
  read(*after);
  EXPECT_EQ(after->mirror.seq, before->mirror.seq) << "the same number means the same content";
  EXPECT_EQ(test::comparable(after->mirror.document), test::comparable(before->mirror.document));
  seen->tasks.pop_front(); // of the coordinator that is gone
  answer(next_task(), "two");
  read(*after);
  EXPECT_EQ(after->mirror.document["artifacts"]["b"], "two");
}

TEST_F(workspace_test, of_a_team_that_has_ended_comes_from_the_journal) {
  ask<v1::RunAccepted>(boss, submission(team));
  for (int i = 0; i < 4; ++i)
    answer(next_task(), "text");
  ASSERT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
  auto view = look(boss, "");
  ASSERT_TRUE(view);
  EXPECT_EQ(view->ended().reason(), "rounds");
  auto reader = watch(boss, "");
  ASSERT_EQ(reader->unread.size(), 2U);
  read(*reader);
  EXPECT_TRUE(reader->mirror.ended);
}

TEST_F(workspace_test, of_a_team_that_has_ended_is_there_while_the_run_goes_on) {
  ask<v1::RunAccepted>(boss, submission(R"(
workflow: w
agents: {a: {kind: function}}
steps:
  - {id: write, team: {goal: g, turns: round_robin, max_iterations: 1, agents: [{role: a}]}}
  - {id: after, agent: a, needs: [write]}
)"));
  auto during = watch(boss);
  answer(next_task(), "one");
  read(*during);
  EXPECT_TRUE(during->mirror.ended);
  EXPECT_TRUE(during->gone) << "nobody needs it any more";
  EXPECT_EQ(look(boss)->ended().reason(), "rounds");
}

TEST_F(workspace_test, that_is_not_there_is_refused) {
  v1::ReadWorkspace request;
  request.set_run_id("r9");
  EXPECT_EQ(ask<v1::WorkspaceView>(boss, request).error(), ec::not_found);
  ask<v1::RunAccepted>(boss, submission(team));
  auto none = look(boss, "read");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error(), ec::not_found);
  EXPECT_TRUE(from_caf(none.error()).retryable) << "it may still begin";
  EXPECT_EQ(look(boss, "write", "nothing").error(), ec::not_found);
}

TEST_F(workspace_test, that_nobody_here_works_on_can_be_read_but_not_watched) {
  ask<v1::RunAccepted>(boss, submission(team));
  stop(boss);
  boss = spawn_coordinator("c2");
  EXPECT_TRUE(look(boss));
  EXPECT_EQ(watch(boss)->why_gone, ec::unavailable);
}

TEST_F(workspace_test, does_not_wait_for_ever_for_a_watcher_that_has_stopped_reading) {
  ask<v1::RunAccepted>(boss, submission(team));
  auto asleep = watch(boss);
  auto work = next_task();
  for (uint32_t i = 1; i <= 100; ++i)
    operate(work, i, {{"op", "put"}, {"artifact", "draft"}, {"value", i}});
  answer(work, 1);
  for (int i = 0; i < 3; ++i)
    answer(next_task(), 1);
  ASSERT_EQ(stored().state(), v1::RUN_STATE_SUCCEEDED);
  EXPECT_FALSE(asleep->gone);
  advance(std::chrono::seconds{31});
  EXPECT_TRUE(asleep->gone);
}

} // namespace
} // namespace troupe
