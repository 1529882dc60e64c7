#include "runtime/agents/http/http_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t now = 784'111'777'000;

struct expectation {
  int status;
  v1::ErrorCode code;
  bool retryable;
};

class http_status_mapping : public ::testing::TestWithParam<expectation> {};

TEST_P(http_status_mapping, gives_each_status_its_code) {
  auto& expected = GetParam();
  auto error = http_status_error({expected.status, {}, ""}, now);
  EXPECT_EQ(error.code(), expected.code);
  EXPECT_EQ(error.retryable(), expected.retryable);
  EXPECT_THAT(error.message(), HasSubstr(std::to_string(expected.status)));
}

INSTANTIATE_TEST_SUITE_P(
    all, http_status_mapping,
    ::testing::Values(
        expectation{400, v1::ERROR_CODE_INVALID_INPUT, false}, expectation{401, v1::ERROR_CODE_FORBIDDEN, false},
        expectation{403, v1::ERROR_CODE_FORBIDDEN, false}, expectation{404, v1::ERROR_CODE_NOT_FOUND, false},
        expectation{408, v1::ERROR_CODE_UNAVAILABLE, true}, expectation{409, v1::ERROR_CODE_AGENT_FAILED, false},
        expectation{422, v1::ERROR_CODE_INVALID_INPUT, false},
        expectation{429, v1::ERROR_CODE_RESOURCE_EXHAUSTED, true}, expectation{500, v1::ERROR_CODE_AGENT_FAILED, true},
        expectation{502, v1::ERROR_CODE_UNAVAILABLE, true}, expectation{503, v1::ERROR_CODE_UNAVAILABLE, true},
        expectation{504, v1::ERROR_CODE_UNAVAILABLE, true}, expectation{599, v1::ERROR_CODE_AGENT_FAILED, true},
        expectation{600, v1::ERROR_CODE_AGENT_FAILED, false}),
    [](auto& x) { return std::to_string(x.param.status); });

TEST(http_status, hands_retry_after_on) {
  auto seconds = http_status_error({429, {{"Retry-After", "12"}}, ""}, now);
  EXPECT_EQ(seconds.retry_after_ms(), 12'000u);
  auto date = http_status_error({503, {{"retry-after", "Sun, 06 Nov 1994 08:49:47 GMT"}}, ""}, now);
  EXPECT_EQ(date.retry_after_ms(), 10'000u);
  auto pointless = http_status_error({400, {{"Retry-After", "12"}}, ""}, now);
  EXPECT_EQ(pointless.retry_after_ms(), 0u);
  auto nonsense = http_status_error({429, {{"Retry-After", "soon"}}, ""}, now);
  EXPECT_EQ(nonsense.retry_after_ms(), 0u);
}

TEST(http_status, tells_where_a_redirect_leads) {
  auto error = http_status_error({301, {{"Location", "https://new.example/x"}}, "moved"}, now);
  EXPECT_EQ(error.code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_FALSE(error.retryable());
  EXPECT_THAT(error.message(), AllOf(HasSubstr("https://new.example/x"), HasSubstr("not followed")));
}

TEST(http_status, quotes_the_usual_error_bodies) {
  EXPECT_EQ(error_detail(R"({"error":{"message":"no such model","code":1}})"), "no such model");
  EXPECT_EQ(error_detail(R"({"error":"broken"})"), "broken");
  EXPECT_EQ(error_detail(R"({"message":"hello"})"), "hello");
  EXPECT_EQ(error_detail(R"({"detail":"fast api"})"), "fast api");
  EXPECT_EQ(error_detail(R"({"title":"problem","status":400})"), "problem");
  EXPECT_EQ(error_detail("plain text"), "plain text");
  EXPECT_EQ(error_detail(""), "");
}

TEST(http_status, keeps_hostile_bodies_short_and_on_one_line) {
  auto detail = error_detail("a\nb\x1b[31m\xff" + std::string(100'000, 'x'));
  EXPECT_LT(detail.size(), 500u);
  EXPECT_THAT(detail, AllOf(Not(HasSubstr("\n")), Not(HasSubstr("\x1b")), Not(HasSubstr("\xff"))));
  EXPECT_LT(error_detail(std::string(100'000, '[')).size(), 500u);
}

TEST(http_status, takes_secrets_out) {
  EXPECT_EQ(redact("key sk-1 is wrong: sk-1", "sk-1"), "key … is wrong: …");
  EXPECT_EQ(redact("nothing", "sk-1"), "nothing");
  EXPECT_EQ(redact("nothing", ""), "nothing");
}

} // namespace
} // namespace troupe
