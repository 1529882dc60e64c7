#include "runtime/team/merge_patch.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

TEST(merge_patch, keeps_what_both_sides_changed_in_different_places) {
  std::string where;
  auto merged = merge_three_ways(R"({"a": 1, "b": {"x": 1, "y": 1}})"_json, R"({"a": 2, "b": {"x": 1, "y": 1}})"_json,
                                 R"({"a": 1, "b": {"x": 5}, "c": 3})"_json, where);
  ASSERT_TRUE(merged);
  EXPECT_EQ(*merged, R"({"a": 2, "b": {"x": 5}, "c": 3})"_json);
}

TEST(merge_patch, names_the_member_that_both_sides_changed) {
  std::string where;
  EXPECT_FALSE(
      merge_three_ways(R"({"b": {"x": 1}})"_json, R"({"b": {"x": 2}})"_json, R"({"b": {"x": 3}})"_json, where));
  EXPECT_EQ(where, "/b/x");
}

TEST(merge_patch, does_not_merge_texts) {
  std::string where;
  EXPECT_FALSE(merge_three_ways("one", "two", "three", where));
  EXPECT_EQ(where, "");
}

TEST(merge_patch, takes_the_same_change_of_both_sides_once) {
  std::string where;
  EXPECT_EQ(merge_three_ways(json::object(), R"({"a": 1})"_json, R"({"a": 1})"_json, where), R"({"a": 1})"_json);
}

using members = std::map<uint8_t, uint8_t>;

json object_from(const members& all) {
  auto out = json::object();
  for (auto& [name, value] : all)
    out[std::to_string(name % 6)] = value % 3 == 0 ? json{{"n", value % 4}} : json(value % 4);
  return out;
}

RC_GTEST_PROP(merge_patch, turns_one_value_into_the_other, (const members& a, const members& b)) {
  auto from = object_from(a);
  auto to = object_from(b);
  auto made = from;
  made.merge_patch(make_merge_patch(from, to));
  RC_ASSERT(made == to);
}

RC_GTEST_PROP(merge_patch, gives_the_same_whoever_comes_first, (const members& a, const members& b, const members& c)) {
  std::string where;
  auto base = object_from(a);
  auto one = merge_three_ways(base, object_from(b), object_from(c), where);
  auto other = merge_three_ways(base, object_from(c), object_from(b), where);
  RC_ASSERT(one == other);
}

} // namespace
} // namespace troupe
