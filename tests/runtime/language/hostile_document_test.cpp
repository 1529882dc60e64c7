#include "documents.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::string repeat(const std::string& text, size_t times) {
  std::string out;
  for (size_t i = 0; i < times; ++i)
    out += text;
  return out;
}

TEST(hostile_document, that_is_too_large_is_not_read) {
  language_limits limits;
  limits.document_bytes = 100;
  EXPECT_THAT(syntax_faults_of("a: " + repeat("x", 100), limits),
              ElementsAre("doc: the document has 103 bytes; at most 100 are read; pass large data as the run's input"));
  EXPECT_THAT(syntax_faults_of(repeat("x", (size_t{4} << 20) + 1)), SizeIs(1));
}

TEST(hostile_document, may_be_nested_as_deep_as_the_limit_and_no_deeper) {
  auto nested = [](size_t depth) { return repeat("[", depth) + repeat("]", depth); };
  EXPECT_THAT(syntax_faults_of(nested(64)), SizeIs(0));
  EXPECT_THAT(syntax_faults_of(nested(65)), ElementsAre(HasSubstr("doc:1:65: ")));
  EXPECT_THAT(syntax_faults_of("a: " + nested(64)), ElementsAre(HasSubstr("nested more than 64 levels deep")));
}

TEST(hostile_document, cannot_exhaust_the_stack) {
  constexpr size_t deep = 1'000'000;
  for (auto opening : {"[", "{\"a\":", "- ", "{a: ", "? ", "a: [", "- [", "-\n"})
    EXPECT_THAT(syntax_faults_of(repeat(opening, deep)), SizeIs(1)) << opening;
}

TEST(hostile_document, with_an_alias_bomb_fails_fast) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c)
    bomb += std::string{c} + ": &" + c + " [" + repeat(std::string{"*"} + static_cast<char>(c - 1) + ",", 9) + "]\n";
  ASSERT_LT(bomb.size(), 400u);
  EXPECT_THAT(syntax_faults_of(bomb), ElementsAre(HasSubstr("more than 200000 values")));
}

TEST(hostile_document, counts_the_depth_of_what_an_alias_stands_for) {
  std::string text = "a: &a [[[[[[[[[[1]]]]]]]]]]\n";
  for (char c = 'b'; c <= 'h'; ++c)
    text += std::string{c} + ": &" + c + " [[[[[[[[[[*" + static_cast<char>(c - 1) + "]]]]]]]]]]\n";
  EXPECT_THAT(syntax_faults_of(text), ElementsAre(HasSubstr("nested more than 64 levels deep")));
}

TEST(hostile_document, with_too_many_values_is_refused) {
  language_limits limits;
  limits.nodes = 10;
  EXPECT_THAT(syntax_faults_of("[1,2,3,4,5,6,7,8,9]", limits), SizeIs(0));
  EXPECT_THAT(syntax_faults_of("[1,2,3,4,5,6,7,8,9,10]", limits),
              ElementsAre(HasSubstr("doc:1:20: [9]: more than 10")));
}

TEST(hostile_document, with_many_faults_reports_a_bounded_number) {
  auto faults = faults_of("workflow: w\nagents: {a: {kind: lua, script: 'return 1'}}\nsteps:\n"
                          + repeat("  - {id: x, agent: a, bad: 1}\n", 1'000));
  EXPECT_THAT(faults, SizeIs(100));
}

TEST(hostile_document, with_long_texts_gets_short_messages) {
  auto faults = faults_of(
      with_steps("  - {id: one, agent: a, " + repeat("k", 1'000) + ": 1, priority: " + repeat("v", 100'000) + "}\n"));
  ASSERT_THAT(faults, SizeIs(2));
  for (auto& fault : faults)
    EXPECT_LT(fault.size(), 1'000u);
}

TEST(hostile_document, in_which_all_steps_wait_for_all_before_is_bounded) {
  std::string steps;
  for (int i = 0; i < 3'000; ++i)
    steps += "  - {id: s" + std::to_string(i) + ", agent: a, input: \"$.steps\"}\n";
  EXPECT_THAT(faults_of(with_steps(steps)), Not(SizeIs(0)));
}

TEST(hostile_document, in_which_every_reference_is_wrong_is_refused_in_time) {
  std::string steps;
  for (int i = 0; i < 5'000; ++i)
    steps += "  - {id: s" + std::to_string(i) + ", agent: zzz, needs: [nowhere], input: \"$.steps.nowhere\"}\n";
  EXPECT_THAT(faults_of(with_steps(steps)), SizeIs(100));
}

TEST(hostile_document, with_a_long_chain_of_steps_is_compiled) {
  std::string steps = "  - {id: s0, agent: a}\n";
  for (int i = 1; i < 10'000; ++i)
    steps += "  - {id: s" + std::to_string(i) + ", agent: a, input: \"$.steps.s" + std::to_string(i - 1) + "\"}\n";
  auto loaded = load(with_steps(steps));
  ASSERT_TRUE(loaded);
  EXPECT_THAT(step_of(*loaded, 9'999).depends_on, ElementsAre(9'998u));
}

} // namespace
} // namespace troupe
