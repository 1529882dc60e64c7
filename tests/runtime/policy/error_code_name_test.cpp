#include "runtime/policy/error_code_name.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(error_code_name, is_lower_case_without_the_prefix) {
  EXPECT_EQ(error_code_name(v1::ERROR_CODE_INVALID_INPUT), "invalid_input");
  EXPECT_EQ(error_code_name(v1::ERROR_CODE_CIRCUIT_OPEN), "circuit_open");
}

TEST(error_code_name, is_unknown_for_a_number_of_another_build) {
  EXPECT_EQ(error_code_name(static_cast<errc>(4711)), "unknown");
}

TEST(error_code_name, leads_back_to_every_code) {
  for (int i = v1::ErrorCode_MIN; i <= v1::ErrorCode_MAX; ++i) {
    auto code = static_cast<errc>(i);
    EXPECT_EQ(error_code_from_name(error_code_name(code)), code);
  }
}

TEST(error_code_name, knows_no_code_by_a_wrong_name) {
  EXPECT_EQ(error_code_from_name("INVALID_INPUT"), std::nullopt);
  EXPECT_EQ(error_code_from_name("unknown"), std::nullopt);
  EXPECT_EQ(error_code_from_name(""), std::nullopt);
}

} // namespace
} // namespace troupe
