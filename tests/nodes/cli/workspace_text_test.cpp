#include "nodes/cli/workspace_text.hpp"

#include "runtime/team/workspace_feed.hpp"

#include <gmock/gmock.h>

namespace troupe::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct workspace_text_test : testing::Test {
  workspace ws{"write", 1'767'349'800'000, {}};

  workspace_text_test() {
    ws.set_task({{"goal", "a report\x1b[2J"}});
    put("draft", "one", "writer");
    put("draft", "two", "editor");
  }

  void put(const std::string& artifact, const json& value, const std::string& author) {
    (void)ws.put({artifact, lazy_json{json(value)}, author, ws.version_of(artifact), 1}, team_step::conflict::reject,
                 1'767'349'801'500);
  }

  v1::WorkspaceView view(const std::string& artifact = {}) {
    v1::ReadWorkspace what;
    what.set_artifact(artifact);
    return *workspace_feed{"r1", "write", ws}.read(what);
  }
};

TEST_F(workspace_text_test, shows_how_far_the_team_is_and_the_newest_version_of_each_artifact) {
  ws.set_progress("review", 2, 5, "editor");
  (void)ws.decide("editor", "formal", "the readers", "", 1);
  (void)ws.ask("writer", "how long?", 1);
  (void)ws.note("editor", "two\nlines", 1);
  auto text = workspace_text(view());
  EXPECT_THAT(text, HasSubstr("goal        a report?[2J\n"));
  EXPECT_THAT(text, HasSubstr("team        at work\n"));
  EXPECT_THAT(text, HasSubstr("progress    phase review, iteration 2, turn 5, after editor\n"));
  EXPECT_THAT(text, HasSubstr("draft           2  editor"));
  EXPECT_THAT(text, Not(HasSubstr("  1  writer"))) << "the older version";
  EXPECT_THAT(text, HasSubstr("decisions\n  editor decides: formal, because the readers\n"));
  EXPECT_THAT(text, HasSubstr("open questions\n  writer asks (q-1): how long?\n"));
  EXPECT_THAT(text, HasSubstr("messages\n  editor notes: two lines\n"));
}

TEST_F(workspace_text_test, says_how_the_team_ended) {
  ws.end({"failed", false, 1, 2, "agent_failed: it broke"});
  EXPECT_THAT(workspace_text(view()),
              HasSubstr("team        not done after 2 turns in 1 iterations (failed): agent_failed: it broke\n"));
}

TEST_F(workspace_text_test, lists_the_versions_of_an_artifact) {
  auto text = history_text(view("draft").artifact());
  EXPECT_THAT(text, HasSubstr("1  writer"));
  EXPECT_THAT(text, HasSubstr("2  editor"));
  EXPECT_THAT(text, HasSubstr("2026-01-02 10:30:01"));
}

TEST_F(workspace_text_test, has_a_line_for_each_change) {
  v1::WorkspaceUpdate x;
  x.set_at_ms(2'500);
  x.mutable_written()->set_artifact("draft");
  x.mutable_written()->mutable_version()->set_version(3);
  x.mutable_written()->mutable_version()->set_author("writer");
  x.mutable_written()->mutable_version()->set_bytes(9);
  x.mutable_written()->mutable_version()->set_conflict("merge");
  x.mutable_written()->set_value("\"a\\nb\"");
  EXPECT_THAT(change_line(x, 1'000), HasSubstr("+1.5 s  writer writes draft version 3 (9 B, settled by merge): a b"));
  x.set_logged(R"({"from": "writer", "to": "editor", "type": "request", "content": "how many?"})");
  EXPECT_THAT(change_line(x, 1'000), HasSubstr("writer → editor (request): how many?"));
  x.mutable_progress()->set_turn(4);
  EXPECT_EQ(change_line(x, 1'000), "") << "nobody's turn begins";
  x.mutable_progress()->set_on_turn("editor");
  x.mutable_progress()->set_iteration(2);
  EXPECT_THAT(change_line(x, 1'000), HasSubstr("editor begins turn 4, iteration 2"));
  x.set_settled("q-1");
  EXPECT_THAT(change_line(x, 1'000), HasSubstr("question q-1 is settled"));
}

} // namespace
} // namespace troupe::cli
