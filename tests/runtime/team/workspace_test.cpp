#include "runtime/team/workspace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using conflict = team_step::conflict;

using moves = std::vector<std::pair<uint8_t, uint8_t>>;

constexpr conflict all_policies[] = {conflict::reject, conflict::last_writer, conflict::merge,
                                     conflict::vote,   conflict::agent,       conflict::human};

artifact_write write(std::string author, json value, uint64_t expected, double confidence = 1) {
  return {"draft", lazy_json{std::move(value)}, std::move(author), expected, confidence};
}

struct room : testing::Test {
  team_limits limits;
  workspace ws{"ws-001", 1'767'349'800'000, limits};

  uint64_t put(const artifact_write& x, conflict policy) {
    auto done = ws.put(x, policy, 1);
    auto* written = std::get_if<artifact_written>(&done);
    return written ? written->version : 0;
  }

  std::string refused(const artifact_write& x, conflict policy) {
    auto done = ws.put(x, policy, 1);
    auto* why = std::get_if<error>(&done);
    return why ? why->message : "";
  }

  json value() {
    return ws.find("draft")->value.value();
  }
};

TEST_F(room, keeps_versions_and_authors) {
  EXPECT_EQ(put(write("writer", "one", 0), conflict::reject), 1U);
  EXPECT_EQ(put(write("editor", "two", 1), conflict::reject), 2U);
  EXPECT_EQ(ws.find("draft", 1)->value.value(), "one");
  EXPECT_EQ(ws.find("draft")->author, "editor");
  EXPECT_EQ(ws.changes().size(), 2U);
}

TEST_F(room, refuses_a_write_that_has_not_seen_the_last_one) {
  put(write("writer", "one", 0), conflict::reject);
  EXPECT_EQ(refused(write("editor", "two", 0), conflict::reject),
            "artifact draft is at version 1, written by writer; this write was made from version 0: get it again and "
            "write what both want");
  EXPECT_EQ(value(), "one");
}

TEST_F(room, refuses_a_version_that_is_still_to_come) {
  EXPECT_EQ(refused(write("editor", "two", 7), conflict::last_writer),
            "artifact draft is at version 0; there is no version 7 yet");
}

TEST_F(room, lets_the_last_writer_win_when_told_so) {
  put(write("writer", "one", 0), conflict::last_writer);
  EXPECT_EQ(put(write("editor", "two", 0), conflict::last_writer), 2U);
  EXPECT_EQ(ws.find("draft")->conflict, "last_writer");
}

TEST_F(room, merges_what_was_written_in_different_places) {
  put(write("writer", {{"intro", "a"}, {"end", "z"}}, 0), conflict::merge);
  put(write("writer", {{"intro", "b"}, {"end", "z"}}, 1), conflict::merge);
  EXPECT_EQ(put(write("editor", {{"intro", "a"}, {"end", "y"}}, 1), conflict::merge), 3U);
  EXPECT_EQ(value(), (json{{"intro", "b"}, {"end", "y"}}));
  EXPECT_TRUE(refused(write("critic", {{"intro", "c"}, {"end", "z"}}, 1), conflict::merge)
                  .ends_with("both sides changed /intro"));
}

TEST_F(room, does_not_merge_with_a_version_that_is_no_longer_kept) {
  limits.history = 2;
  workspace small{"w", 0, limits};
  for (uint64_t i = 0; i < 4; ++i)
    (void)small.put(write("writer", {{"n", i}}, i), conflict::merge, 1);
  auto done = small.put(write("editor", {{"m", 1}}, 1), conflict::merge, 1);
  ASSERT_TRUE(std::holds_alternative<error>(done));
  EXPECT_TRUE(std::get<error>(done).message.ends_with("version 1 is too old to merge with"));
}

TEST_F(room, weighs_votes_by_confidence) {
  put(write("a", "x", 0, 0.9), conflict::vote);
  EXPECT_NE(refused(write("b", "y", 0, 0.5), conflict::vote), "");
  EXPECT_EQ(value(), "x");
  EXPECT_EQ(put(write("c", "y", 0, 0.5), conflict::vote), 2U) << "two halves are more than 0.9";
  EXPECT_EQ(value(), "y");
  EXPECT_EQ(ws.find("draft")->conflict, "vote");
}

TEST_F(room, counts_one_vote_per_member) {
  put(write("a", "x", 0, 0.9), conflict::vote);
  for (int i = 0; i < 5; ++i)
    EXPECT_NE(refused(write("b", "y", 0, 0.5), conflict::vote), "");
  EXPECT_EQ(value(), "x");
}

TEST_F(room, leaves_what_agents_and_people_settle_to_them) {
  for (auto policy : {conflict::agent, conflict::human}) {
    workspace fresh{"w", 0, limits};
    (void)fresh.put(write("a", "x", 0), policy, 1);
    EXPECT_TRUE(std::holds_alternative<write_contested>(fresh.put(write("b", "y", 0), policy, 1)));
    EXPECT_EQ(fresh.settle(write("b", "z", 0), "agent", 1)->version, 2U);
  }
}

TEST_F(room, bounds_artifacts_and_itself) {
  limits.artifact_bytes = 10;
  limits.workspace_bytes = 15;
  limits.artifacts = 2;
  workspace small{"w", 0, limits};
  auto code = [&](const std::string& name, const json& value) {
    auto done = small.put({name, lazy_json{json(value)}, "a", 0, 1}, conflict::reject, 1);
    auto* why = std::get_if<error>(&done);
    return why ? why->code : v1::ERROR_CODE_UNSPECIFIED;
  };
  EXPECT_EQ(code("big", "01234567890"), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_EQ(code("a", "012345"), v1::ERROR_CODE_UNSPECIFIED);
  EXPECT_EQ(code("b", "01234567"), v1::ERROR_CODE_RESOURCE_EXHAUSTED) << "together too much";
  EXPECT_EQ(code("b", 1), v1::ERROR_CODE_UNSPECIFIED);
  EXPECT_EQ(code("c", 1), v1::ERROR_CODE_RESOURCE_EXHAUSTED) << "too many";
  EXPECT_EQ(code("no name", 1), v1::ERROR_CODE_INVALID_INPUT);
}

TEST_F(room, settles_an_open_question_with_a_decision) {
  auto id = ws.ask("writer", "formal or not?", 1);
  ASSERT_TRUE(id);
  EXPECT_EQ(ws.snapshot()->document().at("open_questions").size(), 1U);
  EXPECT_EQ(ws.decide("critic", "formal", "the readers", "q-9", 1).error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(*ws.decide("critic", "formal", "the readers", *id, 1), "dec-1");
  EXPECT_EQ(ws.snapshot()->document().at("open_questions").size(), 0U);
  EXPECT_EQ(ws.snapshot()->document().at("decisions_made").at(0).at("decision"), "formal");
}

TEST_F(room, takes_questions_of_any_form_to_begin_with) {
  ASSERT_TRUE(ws.seed({{"open_questions", {"who pays?", {{"id", 7}}, {{"id", "q-x"}, {"question", "when?"}}}}}, 1));
  EXPECT_EQ(ws.decide("writer", "the buyer", "", "who pays?", 1).error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_TRUE(ws.decide("writer", "tomorrow", "", "q-x", 1));
  EXPECT_EQ(ws.snapshot()->document().at("open_questions").size(), 2U);
}

TEST_F(room, begins_with_the_template) {
  auto done = ws.seed(R"({"id": "ws-001", "created": "2026-01-02T10:30:00Z",
    "task": {"goal": "Create market analysis report", "requirements": [], "constraints": []},
    "artifacts": {"research": null, "draft_v1": "text"}, "decisions_made": [], "open_questions": [],
    "communication_log": [], "current_phase": "research", "iteration": 1})"_json,
                      1);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(ws.version_of("research"), 0U);
  EXPECT_EQ(ws.version_of("draft_v1"), 1U);
  EXPECT_EQ(ws.snapshot()->document().at("task").at("goal"), "Create market analysis report");
  EXPECT_TRUE(ws.snapshot()->document().at("artifacts").at("research").is_null());
}

TEST_F(room, names_what_does_not_belong_into_a_workspace) {
  EXPECT_EQ(ws.seed(json::array(), 1).error().message, "a workspace is an object; this is array");
  EXPECT_TRUE(ws.seed({{"artefacts", 1}}, 1).error().message.starts_with("workspace has no member \"artefacts\""));
  EXPECT_EQ(ws.seed({{"artifacts", 1}}, 1).error().message, "workspace.artifacts must be an object of values by name");
  EXPECT_EQ(ws.seed({{"decisions_made", 1}}, 1).error().message, "workspace.decisions_made must be a list");
}

TEST_F(room, bounds_the_talk) {
  limits.messages = 2;
  workspace quiet{"w", 0, limits};
  EXPECT_TRUE(quiet.note("a", "one", 1));
  EXPECT_TRUE(quiet.ask("a", "two?", 1));
  EXPECT_EQ(quiet.note("a", "three", 1).error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

RC_GTEST_PROP(workspace_laws, versions_are_dense_and_nothing_is_lost_unseen, (const moves& writes)) {
  // Whatever was written from the current version stays reachable in the history; what came late never replaces it
  // unless the document asked for that.
  for (auto policy : all_policies) {
    workspace ws{"w", 0, {}};
    uint64_t last = 0;
    for (auto [who, behind] : writes) {
      auto current = ws.version_of("draft");
      auto expected = current - std::min<uint64_t>(current, behind % 3);
      auto late = expected != current;
      auto before = current > 0 ? ws.find("draft")->value.value() : json{};
      auto done = ws.put(write(std::to_string(who % 4), {{"m" + std::to_string(who % 5), who}}, expected), policy, 1);
      auto now = ws.version_of("draft");
      RC_ASSERT(now == current || now == current + 1);
      if (auto* written = std::get_if<artifact_written>(&done))
        RC_ASSERT(written->version == now);
      else
        RC_ASSERT(now == current && ws.find("draft")->value.value() == before);
      if (late && policy == conflict::reject)
        RC_ASSERT(now == current);
      RC_ASSERT(now >= last);
      last = now;
    }
  }
}

} // namespace
} // namespace troupe
