#include "runtime/team/turn_context.hpp"
#include "runtime/team/workspace.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

workspace sample(size_t inline_bytes = 64) {
  team_limits limits;
  limits.inline_bytes = inline_bytes;
  return {"write", 1'700'000'000'000, limits};
}

void put(workspace& ws, const std::string& name, const json& value, const std::string& author = "writer") {
  artifact_write write;
  write.artifact = name;
  write.value = lazy_json{value};
  write.author = author;
  write.expected = ws.version_of(name);
  ASSERT_TRUE(std::holds_alternative<artifact_written>(ws.put(write, team_step::conflict::reject, 1)));
}

TEST(workspace_snapshot, keeps_what_was_true_then) {
  auto ws = sample();
  put(ws, "draft", "one");
  auto then = ws.snapshot();
  put(ws, "draft", "two");
  ASSERT_TRUE(ws.note("writer", "a note", 2));
  ws.set_progress("review", 2, 3, "writer");
  EXPECT_EQ(then->document().at("artifacts").at("draft"), "one");
  EXPECT_EQ(then->document().at("communication_log").size(), 0U);
  EXPECT_EQ(then->document().at("turn"), 0);
  auto now = ws.snapshot();
  EXPECT_EQ(now->document().at("artifacts").at("draft"), "two");
  EXPECT_EQ(now->document().at("versions").at("draft"), 2);
  EXPECT_EQ(now->document().at("communication_log").size(), 1U);
  EXPECT_EQ(now->document().at("current_phase"), "review");
  EXPECT_EQ(ws.snapshot(), now) << "nothing has changed";
}

TEST(workspace_snapshot, shows_large_artifacts_by_reference) {
  auto ws = sample(16);
  put(ws, "large", std::string(100, 'x'));
  put(ws, "small", 1);
  auto now = ws.snapshot();
  EXPECT_EQ(now->shown().at("artifacts").at("large"), (json{{"$artifact", "large"}, {"version", 1}, {"bytes", 102}}));
  EXPECT_EQ(now->document().at("artifacts").at("large"), std::string(100, 'x'));
  ASSERT_NE(now->value_of("large"), nullptr);
  EXPECT_EQ(now->value_of("large")->value(), std::string(100, 'x'));
  ASSERT_NE(now->value_of("small"), nullptr);
  EXPECT_EQ(now->value_of("small")->text(), "1");
  EXPECT_EQ(now->value_of("other"), nullptr);
}

RC_GTEST_PROP(workspace_snapshot, prints_what_it_shows, ()) {
  auto ws = sample(static_cast<size_t>(*rc::gen::inRange(0, 40)));
  for (int i = *rc::gen::inRange(0, 12); i > 0; --i) {
    auto name = std::string{*rc::gen::elementOf(std::string{"abc"})};
    switch (*rc::gen::inRange(0, 5)) {
    case 0:
      put(ws, name, {{"text", *rc::gen::element<std::string>("é\"\n", "plain", "", "more than is shown inline")}});
      break;
    case 1:
      RC_ASSERT(ws.note(name, *rc::gen::element<std::string>("é\"\n", "plain", ""), 5).has_value());
      break;
    case 2:
      RC_ASSERT(ws.decide(name, *rc::gen::arbitrary<int>(), "why", "", 6).has_value());
      break;
    case 3:
      RC_ASSERT(ws.ask(name, "what?", 7).has_value());
      break;
    default:
      ws.set_progress("p\"hase", static_cast<uint32_t>(*rc::gen::inRange(1, 9)), 3, name);
    }
    // Some parts stay as they are between two snapshots.
    auto now = ws.snapshot();
    std::string shown;
    now->append_shown(shown);
    RC_ASSERT(json::parse(shown).dump() == now->shown().dump());
    auto copy = ws;
    RC_ASSERT(copy.snapshot()->document().dump() == now->document().dump());
    RC_ASSERT(
        json::parse(now->index_text()).size()
        == static_cast<size_t>(std::count_if(now->document()["versions"].begin(), now->document()["versions"].end(),
                                             [](const json& version) { return version > 0; })));
  }
}

TEST(turn_context, says_the_same_as_text_and_as_value) {
  auto ws = sample();
  put(ws, "draft", "one");
  team_step team;
  team.goal = "a \"good\" text";
  team_member who;
  who.role = "writer";
  who.expertise = "words";
  turn_context::facts facts;
  facts.member =
      std::make_shared<const std::string>(member_text(team, who, "write", json::array({{{"role", "reviewer"}}})));
  facts.phase = "draft";
  facts.iteration = 2;
  facts.turn = 5;
  facts.workspace = ws.snapshot();
  facts.feedback = {{"comments", "shorter"}};
  facts.writes = "draft";
  facts.reviews = true;
  facts.refused.push_back({{"operation", "put"}});
  turn_context told{std::move(facts)};
  EXPECT_EQ(told.value(), json::parse(told.text()));
  EXPECT_EQ(told.value().at("workspace"), ws.snapshot()->shown());
  auto rest = told.value();
  rest.erase("workspace");
  EXPECT_EQ(rest, (json{{"kind", "turn"},
                        {"team", "write"},
                        {"goal", "a \"good\" text"},
                        {"role", "writer"},
                        {"expertise", "words"},
                        {"teammates", {{{"role", "reviewer"}}}},
                        {"phase", "draft"},
                        {"iteration", 2},
                        {"max_iterations", 3},
                        {"turn", 5},
                        {"artifacts", {{{"name", "draft"}, {"version", 1}, {"author", "writer"}, {"bytes", 5}}}},
                        {"inbox", json::array()},
                        {"feedback", {{"comments", "shorter"}}},
                        {"writes", "draft"},
                        {"reviews", true},
                        {"refused", {{{"operation", "put"}}}}}));
}

} // namespace
} // namespace troupe
