#include "runtime/expression/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

TEST(utf8, refuses_what_rfc_3629_forbids) {
  EXPECT_TRUE(utf8::valid("aé☺\U0001F600"));
  EXPECT_FALSE(utf8::valid("\xC0\xAF"));         // overlong
  EXPECT_FALSE(utf8::valid("\xE0\x80\x80"));     // overlong
  EXPECT_FALSE(utf8::valid("\xED\xA0\x80"));     // surrogate
  EXPECT_FALSE(utf8::valid("\xF4\x90\x80\x80")); // above U+10FFFF
  EXPECT_FALSE(utf8::valid("\xE2\x98"));         // cut off
  EXPECT_FALSE(utf8::valid("\x80"));             // continuation alone
}

TEST(utf8, reads_a_broken_byte_as_one_replacement_character) {
  size_t pos = 0;
  EXPECT_EQ(utf8::next("\xFFz", pos), U'\uFFFD');
  EXPECT_EQ(pos, 1u);
  EXPECT_EQ(utf8::length("\xFFz"), 2u);
}

RC_GTEST_PROP(utf8, reads_what_it_has_written, ()) {
  const auto c =
      *rc::gen::suchThat(rc::gen::inRange<uint32_t>(0, 0x110000), [](uint32_t x) { return x < 0xD800 || x > 0xDFFF; });
  std::string text;
  utf8::append(text, c);
  RC_ASSERT(utf8::valid(text));
  size_t pos = 0;
  RC_ASSERT(utf8::next(text, pos) == c);
  RC_ASSERT(pos == text.size());
}

} // namespace
} // namespace troupe
