#include "runtime/team/brief.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

json told_to_a_writer() {
  return R"({"role": "writer", "goal": "a report", "iteration": 1, "max_iterations": 3, "phase": "draft",
             "workspace": {}})"_json;
}

TEST(brief, says_what_the_member_can_do) {
  auto x = told_to_a_writer();
  x["expertise"] = "short texts";
  x["responsibilities"] = {"write", "cite"};
  x["capabilities"] = {"writing", "german"};
  x["tools"] = {"spell_check"};
  x["ask_when"] = "a text is too long";
  EXPECT_THAT(brief(x),
              AllOf(HasSubstr("Your expertise: short texts.\n"), HasSubstr("Your responsibilities:\n- write\n- cite\n"),
                    HasSubstr("Your capabilities: writing, german.\n"),
                    HasSubstr("Your tools, as your teammates know them: spell_check.\n"),
                    HasSubstr("Teammates are to ask you when a text is too long.\n")));
}

TEST(brief, says_what_teammates_can_do) {
  auto x = told_to_a_writer();
  x["teammates"] = R"([
    {"role": "researcher", "expertise": "finding facts", "responsibilities": ["find", "name sources"],
     "tools": ["web_search", "archive"], "ask_when": "you need a fact"},
    {"role": "editor"}])"_json;
  EXPECT_THAT(brief(x), HasSubstr("Your teammates:\n"
                                  "- researcher: finding facts. Responsibilities: find; name sources. "
                                  "Tools: web_search, archive. Ask when you need a fact\n"
                                  "- editor\n"));
}

TEST(brief, lists_decisions_and_open_questions_with_their_ids) {
  auto x = told_to_a_writer();
  x["workspace"]["decisions_made"] = R"([
    {"id": "dec-1", "by": "editor", "decision": "no Latin", "reason": "nobody reads it"},
    {"id": "dec-2", "by": "writer", "decision": {"pages": 2}}, "by hand"])"_json;
  x["workspace"]["open_questions"] = R"([{"id": "q-3", "by": "editor", "question": "for whom?"}])"_json;
  EXPECT_THAT(brief(x), AllOf(HasSubstr("Decisions made so far:\n"
                                        "- dec-1 by editor: no Latin, because nobody reads it\n"
                                        "- dec-2 by writer: {\"pages\":2}\n"
                                        "- by hand\n"),
                              HasSubstr("Open questions (decide settles one whose id you give):\n"
                                        "- q-3 by editor: for whom?\n")));
  x["question"] = {{"from", "editor"}, {"content", "?"}};
  EXPECT_THAT(brief(x), AllOf(HasSubstr("Open questions:\n- q-3"), Not(HasSubstr("decide settles"))));
}

TEST(brief, shows_the_newest_of_many_decisions_and_cuts_long_ones) {
  auto x = told_to_a_writer();
  auto& decisions = x["workspace"]["decisions_made"];
  for (int i = 1; i <= 25; ++i)
    decisions.push_back({{"id", "dec-" + std::to_string(i)}, {"by", "writer"}, {"decision", "d"}});
  decisions.back()["decision"] = std::string(5'000, 'x');
  auto text = brief(x);
  EXPECT_THAT(text, AllOf(HasSubstr("(5 older ones: read the whole workspace with get)\n- dec-6 by"),
                          Not(HasSubstr("- dec-5 by")), HasSubstr("- dec-25 by"), HasSubstr("x… (5000 bytes;")));
  EXPECT_LT(text.size(), 2'000U);
}

TEST(brief, is_bounded_whatever_the_workspace_and_the_inbox_hold) {
  auto x = told_to_a_writer();
  const std::string large(10'000, 'x');
  for (int i = 100; i < 120; ++i) {
    x["workspace"]["artifacts"]["note-" + std::to_string(i)] = large;
    x["inbox"].push_back(
        {{"id", "m-" + std::to_string(i)}, {"from", "editor"}, {"type", "notify"}, {"content", large}});
  }
  // Twenty of each share what there is.
  auto text = brief(x);
  EXPECT_THAT(text, AllOf(HasSubstr("## note-100\n"), HasSubstr("## note-119\n"), HasSubstr("- m-119 from editor"),
                          HasSubstr("x… (10000 bytes; read all of it with get)"), Not(HasSubstr(" more: read"))));
  EXPECT_LT(text.size(), 135'000U);
  // Of a thousand those that fit with a few words each; the others are counted.
  for (int i = 1'000; i < 1'980; ++i) {
    x["workspace"]["artifacts"]["z-" + std::to_string(i)] = large;
    x["inbox"].push_back(
        {{"id", "n-" + std::to_string(i)}, {"from", "editor"}, {"type", "notify"}, {"content", large}});
  }
  text = brief(x);
  EXPECT_THAT(text,
              AllOf(HasSubstr("## note-119\n"), HasSubstr("(872 more: read the whole workspace with get)\nMessages"),
                    HasSubstr("- n-1107 from editor"), Not(HasSubstr("- n-1108"))));
  EXPECT_LT(text.size(), 160'000U);
}

TEST(brief, explains_a_reference_to_an_artifact) {
  auto x = told_to_a_writer();
  x["workspace"]["artifacts"] = {{"draft", "short"}};
  EXPECT_THAT(brief(x), Not(HasSubstr("$artifact")));
  x["workspace"]["artifacts"]["book"] = {{"$artifact", "book"}, {"version", 2}, {"bytes", 70'000}};
  EXPECT_THAT(brief(x),
              AllOf(HasSubstr("## book\n{\"$artifact\":\"book\",\"bytes\":70000,\"version\":2}\n"),
                    HasSubstr("stands for an artifact that is too large to be shown here: read it with get")));
}

TEST(brief, says_what_the_answer_is_to_be) {
  auto x = told_to_a_writer();
  x["writes"] = "draft";
  EXPECT_THAT(brief(x), HasSubstr("becomes the artifact \"draft\""));
  x["reviews"] = true;
  EXPECT_THAT(brief(x), HasSubstr("You review the work. Answer {\"verdict\": \"approve\"}, or"));
}

} // namespace
} // namespace troupe
