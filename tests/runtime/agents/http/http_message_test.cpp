#include "runtime/agents/http/http_message.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(http_message, finds_headers_without_regard_to_case) {
  http_headers headers{{"Content-Type", "a"}, {"X-Two", "1"}, {"x-two", "2"}};
  EXPECT_EQ(*find_header(headers, "content-TYPE"), "a");
  EXPECT_EQ(*find_header(headers, "X-TWO"), "1");
  EXPECT_EQ(find_header(headers, "content"), nullptr);
}

TEST(http_message, reduces_a_content_type_to_its_media_type) {
  EXPECT_EQ(media_type({{"Content-Type", "Application/JSON; charset=utf-8"}}), "application/json");
  EXPECT_EQ(media_type({{"content-type", " text/event-stream "}}), "text/event-stream");
  EXPECT_EQ(media_type({{"content-type", ";"}}), "");
  EXPECT_EQ(media_type({}), "");
}

TEST(http_message, tells_what_fits_into_a_header) {
  EXPECT_TRUE(is_header_value("Bearer abc\tdef"));
  EXPECT_TRUE(is_header_value(""));
  EXPECT_FALSE(is_header_value("a\r\nb"));
  EXPECT_FALSE(is_header_value(std::string_view{"a\0b", 3}));
  EXPECT_TRUE(is_header_name("X-Custom_1"));
  EXPECT_FALSE(is_header_name(""));
  EXPECT_FALSE(is_header_name("a b"));
  EXPECT_FALSE(is_header_name("a:"));
}

} // namespace
} // namespace troupe
