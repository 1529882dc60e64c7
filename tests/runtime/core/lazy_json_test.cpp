#include "runtime/core/lazy_json.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(lazy_json, knows_null_without_parsing) {
  EXPECT_TRUE(lazy_json{}.is_null());
  EXPECT_TRUE(lazy_json{std::string{" \n null"}}.is_null());
  EXPECT_TRUE(lazy_json{json{}}.is_null());
  EXPECT_FALSE(lazy_json{std::string{"\"null\""}}.is_null());
  EXPECT_FALSE(lazy_json{json("null")}.is_null());
}

TEST(lazy_json, misses_no_member_that_is_there) {
  EXPECT_TRUE(lazy_json{std::string{R"({"verdict": 1})"}}.may_have_member("verdict"));
  EXPECT_TRUE(lazy_json{std::string{R"({"v\u0065rdict": 1})"}}.may_have_member("verdict"))
      << "the name may have escapes";
  EXPECT_TRUE((lazy_json{json{{"verdict", 1}}}.may_have_member("verdict")));
  EXPECT_FALSE(lazy_json{std::string{R"({"text": "good"})"}}.may_have_member("verdict"));
  EXPECT_FALSE((lazy_json{json{{"text", "verdict"}}}.may_have_member("verdict")));
  EXPECT_FALSE(lazy_json{}.may_have_member("verdict"));
}

TEST(lazy_json, keeps_the_text_that_it_was_given) {
  EXPECT_EQ(lazy_json{std::string{"{\"b\": 1, \"a\": 2}"}}.text(), "{\"b\": 1, \"a\": 2}");
  EXPECT_EQ(lazy_json{std::string{"{\"b\": 1}"}}.value(), (json{{"b", 1}}));
  EXPECT_EQ(lazy_json{}.text(), "null");
}

} // namespace
} // namespace troupe
