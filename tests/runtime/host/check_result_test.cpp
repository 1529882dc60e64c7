#include "runtime/host/check_result.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

v1::TaskResult success(std::string data, std::string type = "application/json") {
  v1::TaskResult out;
  out.set_status(v1::TASK_STATUS_SUCCESS);
  out.mutable_output()->set_content_type(std::move(type));
  out.mutable_output()->set_data(std::move(data));
  return out;
}

v1::ErrorCode code_of(v1::TaskResult x, const output_limits& limits = {}) {
  check_result(x, limits);
  return x.error().code();
}

TEST(check_result, passes_good_outputs) {
  EXPECT_EQ(code_of(success("{\"a\":1}")), v1::ERROR_CODE_UNSPECIFIED);
  EXPECT_EQ(code_of(success("né", "text/plain")), v1::ERROR_CODE_UNSPECIFIED);
  EXPECT_EQ(code_of(success("\xff", "application/octet-stream")), v1::ERROR_CODE_UNSPECIFIED);
}

TEST(check_result, makes_null_of_no_output) {
  auto x = success("", "");
  check_result(x, {});
  EXPECT_EQ(x.output().data(), "null");
}

TEST(check_result, refuses_outputs_that_are_not_what_they_say) {
  EXPECT_EQ(code_of(success("{")), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_EQ(code_of(success("\"\xff\"")), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_EQ(code_of(success("\xff", "text/plain")), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_EQ(code_of(success("[[[1]]]"), {.max_depth = 2}), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_EQ(code_of(success("1", std::string(300, 'x'))), v1::ERROR_CODE_INVALID_OUTPUT);
}

TEST(check_result, refuses_outputs_that_are_too_large) {
  auto x = success("\"123456789\"");
  check_result(x, {.max_bytes = 10});
  EXPECT_EQ(x.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(x.error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_FALSE(x.has_output());
}

TEST(check_result, derives_the_status_that_an_agent_forgot) {
  v1::TaskResult x;
  check_result(x, {});
  EXPECT_EQ(x.status(), v1::TASK_STATUS_SUCCESS);
  v1::TaskResult y;
  y.mutable_error()->set_message("no \xff");
  check_result(y, {});
  EXPECT_EQ(y.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(y.error().code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_EQ(y.error().message(), "no \xEF\xBF\xBD");
}

TEST(check_result, bounds_numbers) {
  auto x = success("1");
  x.set_confidence(7);
  x.set_quality(std::nan(""));
  x.mutable_usage()->set_usd(-3);
  check_result(x, {});
  EXPECT_EQ(x.confidence(), 1.0);
  EXPECT_FALSE(x.has_quality());
  EXPECT_EQ(x.usage().usd(), 0.0);
}

} // namespace
} // namespace troupe
