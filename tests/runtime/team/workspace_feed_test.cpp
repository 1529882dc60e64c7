#include "runtime/team/workspace_feed.hpp"

#include "tests/support/workspace_mirror.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace troupe {
namespace {

using ::testing::HasSubstr;
using notices = std::vector<workspace_feed::notice>;

/// A workspace and a feed that follows it.
struct feeding : testing::Test {
  team_limits limits;
  std::optional<workspace> source;
  std::optional<workspace_feed> feed;
  notices out;

  void begin(feed_limits bounds = {}) {
    source.emplace("w", 1'767'349'800'000, limits);
    source->follow();
    feed.emplace("r1", "write", *source, bounds);
  }

  void put(const std::string& artifact, const json& value, const std::string& author = "writer") {
    (void)source->put({artifact, lazy_json{json(value)}, author, source->version_of(artifact), 1},
                      team_step::conflict::reject, 2);
    pump();
  }

  void note(const std::string& text) {
    (void)source->note("writer", text, 3);
    pump();
  }

  void pump() {
    for (const auto& change : source->take_changes())
      feed->apply(change, 7, out);
  }

  v1::ReadWorkspace of(const std::string& artifact, uint64_t version = 0) {
    v1::ReadWorkspace what;
    what.set_artifact(artifact);
    what.set_version(version);
    return what;
  }

  /// What was said since the last call.
  std::vector<v1::WorkspaceUpdate> heard() {
    std::vector<v1::WorkspaceUpdate> updates;
    for (auto& x : std::exchange(out, {}))
      updates.push_back(std::move(x.update));
    return updates;
  }
};

TEST_F(feeding, shows_a_version_with_its_author_and_the_history) {
  begin();
  put("draft", "one", "writer");
  put("draft", {{"text", "two"}}, "editor");
  auto newest = feed->read(of("draft"));
  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->run_id(), "r1");
  EXPECT_EQ(newest->step(), "write");
  EXPECT_EQ(newest->seq(), 2U);
  EXPECT_EQ(newest->artifact().version().version(), 2U);
  EXPECT_EQ(newest->artifact().version().author(), "editor");
  EXPECT_EQ(newest->artifact().value(), R"({"text":"two"})");
  ASSERT_EQ(newest->artifact().history_size(), 2);
  EXPECT_EQ(newest->artifact().history(0).author(), "writer");
  EXPECT_EQ(feed->read(of("draft", 1))->artifact().value(), R"("one")");
}

TEST_F(feeding, names_what_there_is_when_it_is_asked_for_something_else) {
  limits.history = 2;
  begin();
  EXPECT_THAT(feed->read(of("draft")).error().message, HasSubstr("it has none yet"));
  for (int i = 0; i < 4; ++i)
    put("draft", i);
  EXPECT_EQ(feed->read(of("draft", 1)).error().message,
            "artifact draft has no version 1 that is kept; there are 3 to 4");
  EXPECT_EQ(feed->read(of("draft", 5)).error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_EQ(feed->read(of("notes")).error().message,
            "nobody has written an artifact \"notes\" in the workspace of w; it has draft");
  EXPECT_EQ(feed->read(of("", 3)).error().code, v1::ERROR_CODE_INVALID_INPUT);
}

TEST_F(feeding, shows_large_artifacts_by_reference_and_whole_when_asked_for) {
  limits.inline_bytes = 10;
  begin();
  ASSERT_TRUE(feed->watch(1, out));
  put("draft", "0123456789");
  auto document = json::parse(feed->read({})->document());
  EXPECT_EQ(document["artifacts"]["draft"], R"({"$artifact": "draft", "version": 1, "bytes": 12})"_json);
  EXPECT_EQ(feed->read(of("draft"))->artifact().value(), "\"0123456789\"");
  auto updates = heard();
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[1].written().value(), "");
  EXPECT_EQ(updates[1].written().version().bytes(), 12U);
}

TEST_F(feeding, gives_a_watcher_the_document_and_then_every_change) {
  begin();
  put("draft", "one");
  ASSERT_TRUE(feed->watch(1, out));
  put("draft", "two");
  note("done");
  auto updates = heard();
  ASSERT_EQ(updates.size(), 3U);
  EXPECT_EQ(updates[0].seq(), 1U);
  EXPECT_TRUE(updates[0].has_document());
  EXPECT_EQ(updates[1].seq(), 2U);
  EXPECT_EQ(updates[1].written().value(), "\"two\"");
  EXPECT_EQ(updates[1].at_ms(), 7);
  EXPECT_EQ(json::parse(updates[2].logged())["content"], "done");
}

TEST_F(feeding, lets_a_watcher_that_does_not_read_miss_changes_and_gives_it_a_new_document) {
  begin({.updates_ahead = 3});
  ASSERT_TRUE(feed->watch(1, out));
  for (int i = 0; i < 10; ++i)
    put("draft", i);
  auto first = heard();
  ASSERT_EQ(first.size(), 3U) << "the document and two changes";
  feed->seen(1, 1, out);
  EXPECT_TRUE(heard().empty()) << "it has not dealt with all it has";
  feed->seen(1, first.back().seq(), out);
  auto then = heard();
  ASSERT_EQ(then.size(), 1U);
  EXPECT_TRUE(then[0].has_document());
  EXPECT_EQ(then[0].seq(), 10U);
  put("draft", 10);
  EXPECT_EQ(heard().at(0).seq(), 11U) << "and goes on from there";
}

TEST_F(feeding, counts_bytes_too_but_always_tells_one_thing) {
  limits.inline_bytes = 100'000;
  begin({.bytes_ahead = 5'000});
  ASSERT_TRUE(feed->watch(1, out));
  feed->seen(1, 0, out);
  put("draft", std::string(10'000, 'x'));
  EXPECT_EQ(heard().size(), 2U) << "larger than what is allowed ahead, but nothing is ahead";
  put("draft", "small");
  EXPECT_TRUE(heard().empty());
}

TEST_F(feeding, does_not_hold_up_the_others_for_a_slow_watcher) {
  begin({.updates_ahead = 2});
  ASSERT_TRUE(feed->watch(1, out));
  ASSERT_TRUE(feed->watch(2, out));
  for (int i = 0; i < 5; ++i) {
    put("draft", i);
    feed->seen(2, static_cast<uint64_t>(i) + 1, out);
  }
  int to_slow = 0;
  int to_quick = 0;
  for (auto& x : out)
    ++(x.watcher == 1 ? to_slow : to_quick);
  EXPECT_EQ(to_slow, 2);
  EXPECT_EQ(to_quick, 6);
}

TEST_F(feeding, bounds_its_watchers) {
  begin({.most_watchers = 1});
  ASSERT_TRUE(feed->watch(1, out));
  EXPECT_EQ(feed->watch(2, out).error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  feed->forget(1);
  EXPECT_TRUE(feed->watch(2, out));
}

TEST_F(feeding, is_done_once_everybody_knows_that_the_team_has_ended) {
  begin({.updates_ahead = 1});
  ASSERT_TRUE(feed->watch(1, out));
  ASSERT_TRUE(feed->watch(2, out));
  feed->seen(2, 0, out);
  source->end({"approved", true, 2, 7, {}});
  pump();
  EXPECT_TRUE(feed->ended());
  EXPECT_FALSE(feed->done()) << "one has not read its document";
  heard();
  feed->seen(1, 0, out);
  auto last = heard();
  ASSERT_EQ(last.size(), 2U);
  EXPECT_EQ(last[0].document().ended().reason(), "approved");
  EXPECT_EQ(last[1].ended().turns(), 7U);
  EXPECT_TRUE(feed->done());
}

TEST_F(feeding, tells_a_late_watcher_of_a_team_that_has_ended_all_at_once) {
  begin();
  put("draft", "one");
  source->end({"failed", false, 1, 1, "it broke"});
  pump();
  ASSERT_TRUE(feed->watch(1, out));
  auto updates = heard();
  ASSERT_EQ(updates.size(), 2U);
  EXPECT_EQ(updates[1].ended().why(), "it broke");
  EXPECT_TRUE(feed->done());
}

/// Whatever happens in a workspace and however slowly watchers read: each knows at every moment what the workspace was
/// at the number that it has heard of, and once it has caught up, what it is.
RC_GTEST_PROP(workspace_feed_laws, every_watcher_can_keep_up_an_equal_copy, (const std::vector<uint8_t>& moves)) {
  workspace source{"w", 0, {.inline_bytes = 40}};
  source.follow();
  workspace_feed feed{"r1", "write", source, {.updates_ahead = 3, .bytes_ahead = 2'000}};
  struct reader {
    test::workspace_mirror mirror;
    std::deque<v1::WorkspaceUpdate> unread;
    bool watches = false;
  };
  std::map<uint64_t, reader> readers;
  std::map<uint64_t, json> past;
  notices out;
  auto deliver = [&] {
    for (auto& x : std::exchange(out, {})) {
      readers[x.watcher].unread.push_back(std::move(x.update));
      RC_ASSERT(readers[x.watcher].unread.size() <= 4U);
    }
  };
  auto read_one = [&](uint64_t name) {
    auto& x = readers[name];
    if (x.unread.empty())
      return;
    auto update = std::move(x.unread.front());
    x.unread.pop_front();
    RC_ASSERT(x.mirror.take(update) == "");
    auto then = past.find(*x.mirror.seq);
    RC_ASSERT(then != past.end());
    RC_ASSERT(test::comparable(x.mirror.document) == then->second);
    feed.seen(name, update.seq(), out);
    deliver();
  };
  auto remember = [&] { past[source.seq()] = test::comparable(json::parse(feed.read({})->document())); };
  remember();
  auto pump = [&](auto act) {
    act();
    // One change at a time, so that each number's document is known.
    for (const auto& change : source.take_changes()) {
      feed.apply(change, 1, out);
      past[change.seq] = test::comparable(json::parse(feed.read({})->document()));
    }
    deliver();
  };
  for (auto move : moves) {
    auto who = std::to_string(move % 3);
    auto artifact = "a" + std::to_string(move % 2);
    switch (move % 11) {
    case 0:
    case 1:
      pump([&] {
        (void)source.put({artifact, lazy_json{json(std::string(move % 64, 'x'))}, who, source.version_of(artifact), 1},
                         team_step::conflict::reject, 1);
      });
      break;
    case 2:
      pump([&] { (void)source.note(who, "note", 1); });
      break;
    case 3:
      pump([&] { (void)source.ask(who, "formal?", 1); });
      break;
    case 4:
      pump([&] {
        (void)source.decide(who, "yes", "so",
                            source.snapshot()->document().at("open_questions").empty()
                                ? ""
                                : source.snapshot()->document().at("open_questions")[0]["id"].get<std::string>(),
                            1);
      });
      break;
    case 5:
      pump([&] { source.set_progress(who, 1, move, who); });
      break;
    case 6:
      pump([&] {
        team_message message;
        message.from = who;
        (void)source.log(message);
      });
      break;
    case 7:
      if (auto& x = readers[move % 2]; !std::exchange(x.watches, true)) {
        RC_ASSERT(feed.watch(move % 2, out).has_value());
        deliver();
      }
      break;
    case 8:
      feed.forget(move % 2);
      readers.erase(move % 2);
      break;
    default:
      read_one(move % 2);
    }
  }
  pump([&] { source.end({"approved", true, 1, 1, {}}); });
  for (auto& [name, x] : readers) {
    while (!x.unread.empty())
      read_one(name);
    if (x.watches) {
      RC_ASSERT(x.mirror.ended);
      RC_ASSERT(x.mirror.seq == source.seq());
    }
  }
  RC_ASSERT(feed.done());
}

} // namespace
} // namespace troupe
