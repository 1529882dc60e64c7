#include "runtime/link/address.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(address, reads_names_and_both_kinds_of_numbers) {
  for (auto text : {"localhost:7400", "127.0.0.1:0", "[::1]:65535"}) {
    auto x = parse_address(text);
    ASSERT_TRUE(x) << text;
    EXPECT_EQ(to_string(*x), text);
  }
  EXPECT_EQ(parse_address("[::1]:7400")->host, "::1");
}

TEST(address, names_what_is_wrong_and_the_form_that_is_right) {
  for (auto text : {"", "localhost", ":7400", "localhost:", "localhost:x", "localhost:65536", "localhost:-1",
                    "::1:7400", "[]:1", "a b:1", "http://localhost:1"}) {
    auto x = parse_address(text);
    ASSERT_FALSE(x) << text;
    EXPECT_EQ(x.error().code, v1::ERROR_CODE_INVALID_INPUT);
    EXPECT_NE(x.error().message.find("HOST:PORT"), std::string::npos);
  }
}

} // namespace
} // namespace troupe
