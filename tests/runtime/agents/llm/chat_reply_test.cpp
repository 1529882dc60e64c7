#include "runtime/agents/llm/chat_reply.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

TEST(chat_reply_test, grows_out_of_chunks) {
  chat_reply x;
  for (auto* chunk : {R"({"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]})",
                      R"({"choices":[{"delta":{"content":"Hel"}}]})", R"({"choices":[{"delta":{"content":"lo"}}]})"})
    ASSERT_TRUE(x.add_chunk(chunk));
  EXPECT_EQ(x.content(), "Hello");
  EXPECT_EQ(x.pieces(), 2u);
  EXPECT_FALSE(x.done());
  ASSERT_TRUE(x.add_chunk(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"));
  EXPECT_TRUE(x.done());
  EXPECT_EQ(x.finish_reason(), "stop");
  ASSERT_TRUE(x.add_chunk(R"({"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}})"));
  ASSERT_TRUE(x.add_chunk("[DONE]"));
  EXPECT_EQ(x.tokens_in(), 12u);
  EXPECT_EQ(x.tokens_out(), 2u);
}

TEST(chat_reply_test, counts_a_running_total_once) {
  chat_reply x;
  ASSERT_TRUE(x.add_chunk(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1}})"));
  ASSERT_TRUE(x.add_chunk(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}})"));
  EXPECT_EQ(x.tokens_in(), 5u);
  EXPECT_EQ(x.tokens_out(), 2u);
}

TEST(chat_reply_test, reads_a_whole_answer) {
  chat_reply x;
  ASSERT_TRUE(x.add_whole(R"({"choices":[{"message":{"role":"assistant","content":"Hi"},"finish_reason":"length"}],
                              "usage":{"prompt_tokens":3,"completion_tokens":1}})"));
  EXPECT_EQ(x.content(), "Hi");
  EXPECT_EQ(x.finish_reason(), "length");
  EXPECT_TRUE(x.done());
  EXPECT_EQ(x.tokens_in(), 3u);
}

TEST(chat_reply_test, reads_content_in_parts) {
  chat_reply x;
  ASSERT_TRUE(
      x.add_whole(R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})"));
  EXPECT_EQ(x.content(), "ab");
}

TEST(chat_reply_test, estimates_nothing) {
  chat_reply x;
  ASSERT_TRUE(x.add_whole(R"({"choices":[{"message":{"content":"x"}}],"usage":{"prompt_tokens":-3}})"));
  EXPECT_EQ(x.tokens_in(), 0u);
  EXPECT_EQ(x.tokens_out(), 0u);
}

TEST(chat_reply_test, bears_with_odd_shapes) {
  for (auto* chunk :
       {"{}", R"({"choices":null})", R"({"choices":{}})", R"({"choices":[7]})", R"({"choices":[{"delta":7}]})",
        R"({"choices":[{"delta":{"content":7}}]})", R"({"choices":[{"delta":{"content":null},"finish_reason":7}]})",
        R"({"usage":7})", R"({"error":null})"}) {
    chat_reply x;
    EXPECT_TRUE(x.add_chunk(chunk)) << chunk;
    EXPECT_EQ(x.content(), "");
    EXPECT_FALSE(x.done());
  }
}

TEST(chat_reply_test, refuses_what_is_no_completion) {
  for (auto* body : {"", "<html>hello</html>", "[]", "7", R"({"choices":[]})", "{}"}) {
    chat_reply x;
    auto ok = x.add_whole(body);
    ASSERT_FALSE(ok) << body;
    EXPECT_EQ(ok.error().code, v1::ERROR_CODE_INVALID_OUTPUT) << body;
  }
  chat_reply x;
  EXPECT_THAT(x.add_whole("<html>").error().message, HasSubstr("/v1"));
}

TEST(chat_reply_test, finds_an_error_in_the_middle_of_a_stream) {
  chat_reply x;
  auto limited = x.add_chunk(R"({"error":{"message":"too fast","code":429}})");
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().code, v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(limited.error().retryable);
  EXPECT_THAT(limited.error().message, HasSubstr("too fast"));
  auto odd = x.add_chunk(R"({"error":"overloaded"})");
  ASSERT_FALSE(odd);
  EXPECT_TRUE(odd.error().retryable);
  EXPECT_THAT(odd.error().message, HasSubstr("overloaded"));
}

v1::Error error_of(int status, std::string body, http_headers headers = {}) {
  return chat_error({status, std::move(headers), std::move(body)}, 0);
}

TEST(chat_error_test, sharpens_what_the_status_says) {
  auto limited = error_of(429, R"({"error":{"message":"slow","code":"rate_limit_exceeded"}})", {{"Retry-After", "2"}});
  EXPECT_EQ(limited.code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(limited.retryable());
  EXPECT_EQ(limited.retry_after_ms(), 2'000u);
  auto broke = error_of(429, R"({"error":{"message":"pay","type":"insufficient_quota"}})", {{"Retry-After", "2"}});
  EXPECT_EQ(broke.code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_FALSE(broke.retryable());
  EXPECT_EQ(broke.retry_after_ms(), 0u);
  auto large = error_of(400, R"({"error":{"message":"too long","code":"context_length_exceeded"}})");
  EXPECT_EQ(large.code(), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_THAT(large.message(), HasSubstr("shorten"));
  auto unknown = error_of(404, R"({"error":{"message":"which?","code":"model_not_found"}})");
  EXPECT_EQ(unknown.code(), v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(unknown.message(), HasSubstr("`model`"));
  auto stranger = error_of(401, R"({"error":{"message":"who?","code":"invalid_api_key"}})");
  EXPECT_EQ(stranger.code(), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_FALSE(stranger.retryable());
}

} // namespace
} // namespace troupe
