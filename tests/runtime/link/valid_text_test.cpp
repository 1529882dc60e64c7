#include "runtime/link/valid_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

std::string fixed(std::string x) {
  make_valid_text(x);
  return x;
}

TEST(valid_text, keeps_what_is_utf_8) {
  for (std::string x : {"", "plain", "\u00e9\u20ac\U0001f600", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"})
    EXPECT_EQ(fixed(x), x);
}

TEST(valid_text, replaces_each_byte_that_is_not) {
  EXPECT_EQ(fixed("a\xffz"), "a\xef\xbf\xbdz");
  EXPECT_EQ(fixed("\xc0\x80"), "\xef\xbf\xbd\xef\xbf\xbd") << "an overlong zero";
  EXPECT_EQ(fixed("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "half of a surrogate pair";
  EXPECT_EQ(fixed("\xe2\x82"), "\xef\xbf\xbd\xef\xbf\xbd") << "a sequence cut short";
}

RC_GTEST_PROP(valid_text, makes_every_result_readable_for_protobuf, (std::string text)) {
  v1::TaskResult x;
  x.mutable_error()->set_message(text);
  x.mutable_output()->set_content_type(text);
  make_valid_text(x);
  v1::TaskResult read;
  RC_ASSERT(read.ParseFromString(x.SerializeAsString()));
}

} // namespace
} // namespace troupe
