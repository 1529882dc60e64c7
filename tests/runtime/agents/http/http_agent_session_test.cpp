#include "runtime/agents/http/http_agent_session.hpp"

#include "tests/support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct http_agent_session_test : ::testing::Test {
  test::manual_clock time{784'111'777'000};
  json config{{"url", "https://agent.example/work"}};
  std::string api_key;
  v1::Task task;

  http_agent_session_test() {
    task.mutable_input()->set_data(R"({"q":1})");
    task.set_idempotency_key("run-1/4");
    task.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  }

  http_agent_session make() {
    auto parsed = http_agent_settings::parse(config);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    return {std::make_shared<const http_agent_settings>(*parsed), api_key, task, time};
  }

  http_request request() {
    return std::get<http_request>(make().step(http_begin{}));
  }

  v1::TaskResult answer(http_event event) {
    auto session = make();
    session.step(http_begin{});
    return std::get<v1::TaskResult>(session.step(event));
  }

  v1::TaskResult answer(int status, std::string type, std::string body) {
    http_response response;
    response.status = status;
    if (!type.empty())
      response.headers = {{"Content-Type", type}};
    response.body = std::move(body);
    return answer(http_event{response});
  }
};

TEST_F(http_agent_session_test, posts_the_input_with_its_key_and_trace) {
  auto out = request();
  EXPECT_EQ(out.method, "POST");
  EXPECT_EQ(out.url, "https://agent.example/work");
  EXPECT_EQ(out.body, R"({"q":1})");
  EXPECT_FALSE(out.stream);
  EXPECT_EQ(*find_header(out.headers, "Content-Type"), "application/json");
  EXPECT_EQ(*find_header(out.headers, "Idempotency-Key"), "run-1/4");
  EXPECT_EQ(*find_header(out.headers, "traceparent"), task.traceparent());
  EXPECT_EQ(find_header(out.headers, "Authorization"), nullptr);
}

TEST_F(http_agent_session_test, sends_what_the_settings_say) {
  config["method"] = "PUT";
  config["headers"] = {{"X-Team", "blue"}, {"Accept", "text/csv"}};
  config["max_response_bytes"] = 1000;
  api_key = "secret";
  auto out = request();
  EXPECT_EQ(out.method, "PUT");
  EXPECT_EQ(*find_header(out.headers, "X-Team"), "blue");
  EXPECT_EQ(*find_header(out.headers, "Accept"), "text/csv");
  EXPECT_EQ(*find_header(out.headers, "Authorization"), "Bearer secret");
  EXPECT_EQ(out.max_response_bytes, 1000u);
}

TEST_F(http_agent_session_test, sends_text_as_text_and_nothing_as_null) {
  task.mutable_input()->set_content_type("text/plain");
  task.mutable_input()->set_data("hello");
  EXPECT_EQ(*find_header(request().headers, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(request().body, "hello");
  task.clear_input();
  EXPECT_EQ(request().body, "null");
}

TEST_F(http_agent_session_test, leaves_out_what_would_break_a_header) {
  task.set_traceparent("00\r\nX-Evil: 1");
  task.set_idempotency_key("");
  auto out = request();
  EXPECT_EQ(find_header(out.headers, "traceparent"), nullptr);
  EXPECT_EQ(find_header(out.headers, "Idempotency-Key"), nullptr);
}

TEST_F(http_agent_session_test, takes_json_as_output) {
  for (auto* type : {"application/json", "application/json; charset=utf-8", "application/problem+json", ""}) {
    auto out = answer(200, type, R"({"a": [1]})");
    ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << type << out.error().message();
    EXPECT_EQ(out.output().content_type(), "application/json") << type;
    EXPECT_EQ(out.output().data(), R"({"a": [1]})");
  }
}

TEST_F(http_agent_session_test, reports_confidence_and_quality_that_the_output_states) {
  auto out = answer(200, "application/json", R"({"confidence": 0.5, "quality": 2})");
  EXPECT_DOUBLE_EQ(out.confidence(), 0.5);
  EXPECT_FALSE(out.has_quality());
  EXPECT_FALSE(answer(200, "application/json", "[0.5]").has_confidence());
}

TEST_F(http_agent_session_test, takes_text_as_output) {
  auto out = answer(201, "text/markdown", "# hello");
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out.output().content_type(), "text/plain");
  EXPECT_EQ(out.output().data(), "# hello");
  EXPECT_EQ(answer(200, "", "no json").output().content_type(), "text/plain");
}

TEST_F(http_agent_session_test, takes_an_empty_answer_as_null) {
  auto out = answer(204, "", "");
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out.output().data(), "null");
}

TEST_F(http_agent_session_test, refuses_outputs_that_are_not_what_they_say) {
  for (auto& [type, body] :
       std::vector<std::pair<std::string, std::string>>{{"application/json", "{broken"},
                                                        {"application/json", "{} {}"},
                                                        {"application/json", std::string(500, '[')},
                                                        {"application/json", "\"\xff\""},
                                                        {"text/plain", "\xff\xfe"},
                                                        {"", "\xff"},
                                                        {"image/png", "PNG"}}) {
    auto out = answer(200, type, body);
    EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED) << type;
    EXPECT_EQ(out.error().code(), v1::ERROR_CODE_INVALID_OUTPUT) << type;
    EXPECT_FALSE(out.error().retryable()) << type;
  }
}

TEST_F(http_agent_session_test, makes_failures_of_the_server_failures_of_the_task) {
  http_response response{503, {{"Retry-After", "Sun, 06 Nov 1994 08:49:40 GMT"}}, "later"};
  auto out = answer(http_event{response});
  EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(out.error().retryable());
  EXPECT_EQ(out.error().retry_after_ms(), 3'000u);
  EXPECT_THAT(out.error().message(), HasSubstr("later"));
}

TEST_F(http_agent_session_test, never_quotes_its_key) {
  api_key = "sk-secret";
  auto out = answer(401, "text/plain", "wrong key sk-secret");
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_THAT(out.error().message(), AllOf(HasSubstr("wrong key"), Not(HasSubstr("sk-secret"))));
}

TEST_F(http_agent_session_test, passes_failures_of_the_transport_on) {
  auto late = answer(http_event{error{v1::ERROR_CODE_TIMED_OUT, "late", true}});
  EXPECT_EQ(late.status(), v1::TASK_STATUS_TIMED_OUT);
  EXPECT_TRUE(late.error().retryable());
  auto gone = answer(http_event{error{v1::ERROR_CODE_UNAVAILABLE, "gone", true}});
  EXPECT_EQ(gone.status(), v1::TASK_STATUS_FAILED);
  auto cancelled = answer(http_event{error{v1::ERROR_CODE_CANCELLED, "enough", false}});
  EXPECT_EQ(cancelled.status(), v1::TASK_STATUS_CANCELLED);
}

TEST(http_agent_settings_test, names_what_is_wrong) {
  auto fault = [](json config) {
    auto parsed = http_agent_settings::parse(config);
    return parsed ? std::string{} : parsed.error().message;
  };
  EXPECT_THAT(fault(json::object()), HasSubstr("url: missing"));
  EXPECT_THAT(fault(nullptr), HasSubstr("expected an object"));
  EXPECT_THAT(fault({{"url", "ftp://x"}}), HasSubstr("url: expected"));
  EXPECT_THAT(fault({{"url", "http://x"}, {"method", "GET"}}), HasSubstr("method: expected POST"));
  EXPECT_THAT(fault({{"url", "http://x"}, {"headers", 1}}), HasSubstr("headers: "));
  EXPECT_THAT(fault({{"url", "http://x"}, {"max_response_bytes", 0}}), HasSubstr("max_response_bytes: "));
  EXPECT_EQ(fault({{"url", "http://x"}}), "");
}

} // namespace
} // namespace troupe
