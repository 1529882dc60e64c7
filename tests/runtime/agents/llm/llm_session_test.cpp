#include "tests/runtime/agents/llm/conversation.hpp"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using namespace test;
using ::testing::HasSubstr;
using ::testing::Not;

struct llm_session_test : ::testing::Test, conversation {};

const json score_schema{{"type", "object"}, {"required", {"score"}}, {"properties", {{"score", {{"type", "number"}}}}}};

TEST_F(llm_session_test, asks_an_openai_compatible_server) {
  auto out = request();
  EXPECT_EQ(out.method, "POST");
  EXPECT_EQ(out.url, "http://127.0.0.1:1/v1/chat/completions");
  EXPECT_TRUE(out.stream);
  EXPECT_EQ(*find_header(out.headers, "Authorization"), "Bearer sk-secret");
  EXPECT_EQ(*find_header(out.headers, "Content-Type"), "application/json");
  EXPECT_EQ(*find_header(out.headers, "traceparent"), task.traceparent());
  EXPECT_EQ(json::parse(out.body), json::parse(R"({
    "model": "m", "messages": [{"role": "user", "content": "Say hello"}],
    "stream": true, "stream_options": {"include_usage": true}})"));
}

TEST_F(llm_session_test, sends_no_idempotency_key_for_a_second_answer_is_wanted) {
  EXPECT_EQ(find_header(request().headers, "Idempotency-Key"), nullptr);
}

TEST_F(llm_session_test, sends_what_the_settings_say) {
  config["system"] = "Be brief.";
  config["temperature"] = 0.25;
  config["max_tokens"] = 50;
  config["stream"] = false;
  config["output"] = score_schema;
  config["headers"] = {{"X-Title", "troupe"}, {"authorization", "Token abc"}};
  config["max_response_bytes"] = 1234;
  auto out = request();
  EXPECT_FALSE(out.stream);
  EXPECT_EQ(out.max_response_bytes, 1234u);
  EXPECT_EQ(*find_header(out.headers, "X-Title"), "troupe");
  EXPECT_EQ(*find_header(out.headers, "Authorization"), "Token abc");
  auto sent = json::parse(out.body);
  EXPECT_EQ(sent["messages"][0], (json{{"role", "system"}, {"content", "Be brief."}}));
  EXPECT_EQ(sent["temperature"], 0.25);
  EXPECT_EQ(sent["max_tokens"], 50);
  EXPECT_FALSE(sent.contains("stream"));
  EXPECT_FALSE(sent.contains("stream_options"));
  EXPECT_EQ(sent["response_format"]["type"], "json_schema");
  EXPECT_EQ(sent["response_format"]["json_schema"]["schema"], score_schema);
}

TEST_F(llm_session_test, sends_no_key_where_there_is_none) {
  endpoint.api_key.clear();
  EXPECT_EQ(find_header(request().headers, "Authorization"), nullptr);
}

TEST_F(llm_session_test, makes_a_prompt_of_any_input) {
  auto prompt = [this](const char* type, const char* input) {
    task.mutable_input()->set_content_type(type);
    task.mutable_input()->set_data(input);
    return body()["messages"].back()["content"].get<std::string>();
  };
  config["prompt"] = "<{{input}}>";
  EXPECT_EQ(prompt("application/json", "\"text\""), "<text>");
  EXPECT_EQ(prompt("text/plain", "plain"), "<plain>");
  EXPECT_EQ(prompt("", R"({"a":1})"), R"(<{"a":1}>)");
  EXPECT_EQ(prompt("", R"({"input":"mine"})"), "<mine>");
  config.erase("prompt");
  EXPECT_EQ(prompt("application/json", "\"text\""), "text");
  EXPECT_EQ(prompt("application/json", R"({"b": 2, "a": 1})"), R"({"a":1,"b":2})");
  EXPECT_EQ(prompt("text/plain", "plain"), "plain");
}

TEST_F(llm_session_test, refuses_inputs_that_make_no_prompt) {
  auto refuse = [this](const char* type, const std::string& input) {
    task.mutable_input()->set_content_type(type);
    task.mutable_input()->set_data(input);
    return result_of(begin()).error().code();
  };
  EXPECT_EQ(refuse("application/json", "{broken"), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(refuse("application/octet-stream", "x"), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(refuse("text/plain", "\xff"), v1::ERROR_CODE_INVALID_INPUT);
  config.erase("prompt");
  EXPECT_EQ(refuse("application/json", ""), v1::ERROR_CODE_INVALID_INPUT);
  EXPECT_EQ(refuse("text/plain", ""), v1::ERROR_CODE_INVALID_INPUT);
}

TEST_F(llm_session_test, answers_with_text_and_what_it_cost) {
  config["price"] = {{"input", 2.0}, {"output", 8.0}};
  auto out = answer(whole("Hello!", "stop", 1'000, 500));
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().content_type(), "text/plain");
  EXPECT_EQ(out.output().data(), "Hello!");
  EXPECT_EQ(out.usage().tokens_in(), 1'000u);
  EXPECT_EQ(out.usage().tokens_out(), 500u);
  EXPECT_DOUBLE_EQ(out.usage().usd(), 0.006);
  EXPECT_FALSE(out.has_confidence());
}

TEST_F(llm_session_test, answers_with_what_was_streamed) {
  begin();
  auto out = result_of(play_stream(stream_of("Hello!")));
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().data(), "Hello!");
  EXPECT_EQ(out.usage().tokens_in(), 10u);
  EXPECT_EQ(out.usage().tokens_out(), 5u);
}

TEST_F(llm_session_test, tells_how_far_a_stream_is) {
  begin();
  EXPECT_EQ(session->progress(), "");
  session->step(http_head{200, {{"Content-Type", "text/event-stream"}}});
  auto text = stream_of("ab");
  session->step(http_body_part{text.substr(0, text.find("\n\n") + 2)});
  EXPECT_EQ(session->progress(), "about 1 token");
}

TEST_F(llm_session_test, takes_a_whole_answer_though_it_asked_for_a_stream) {
  begin();
  auto body = whole("Hello!").body;
  session->step(http_head{200, {{"Content-Type", "application/json"}}});
  session->step(http_body_part{body.substr(0, 20)});
  session->step(http_body_part{body.substr(20)});
  EXPECT_EQ(result_of(session->step(http_response{200, {}, ""})).output().data(), "Hello!");
}

TEST_F(llm_session_test, takes_a_stream_in_one_piece) {
  config["stream"] = false;
  auto out = answer(http_response{200, {{"Content-Type", "text/event-stream"}}, stream_of("Hello!")});
  EXPECT_EQ(out.output().data(), "Hello!");
}

TEST_F(llm_session_test, estimates_no_usage) {
  config["price"] = {{"input", 2.0}, {"output", 8.0}};
  auto out = answer(http_response{200, {}, R"({"choices":[{"message":{"content":"x"},"finish_reason":"stop"}]})"});
  EXPECT_EQ(out.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out.usage().tokens_in(), 0u);
  EXPECT_EQ(out.usage().usd(), 0.0);
}

TEST_F(llm_session_test, answers_with_json_that_fits_the_schema) {
  config["output"] = score_schema;
  auto out = answer(whole("Sure:\n```json\n{\"score\": 7}\n```"));
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS) << out.error().message();
  EXPECT_EQ(out.output().content_type(), "application/json");
  EXPECT_EQ(out.output().data(), R"({"score":7})");
}

TEST_F(llm_session_test, reports_confidence_and_quality_that_the_output_states) {
  config["output"] = {{"type", "object"}};
  auto out = answer(whole(R"({"confidence":0.8,"quality":1})"));
  EXPECT_DOUBLE_EQ(out.confidence(), 0.8);
  EXPECT_DOUBLE_EQ(out.quality(), 1.0);
  for (auto* odd : {R"({"confidence":80})", R"({"confidence":"high"})", R"({"confidence":-1})", "{}"}) {
    auto other = answer(whole(odd));
    EXPECT_EQ(other.status(), v1::TASK_STATUS_SUCCESS);
    EXPECT_FALSE(other.has_confidence()) << odd;
  }
}

TEST_F(llm_session_test, sends_a_wrong_answer_back_with_its_faults) {
  config["output"] = score_schema;
  config["price"] = {{"input", 1.0}, {"output", 1.0}};
  begin();
  auto again = session->step(whole(R"({"score":"high"})", "stop", 10, 5));
  auto* second = std::get_if<http_request>(&again);
  ASSERT_TRUE(second);
  auto messages = json::parse(second->body)["messages"];
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[1], (json{{"role", "assistant"}, {"content", R"({"score":"high"})"}}));
  EXPECT_EQ(messages[2]["role"], "user");
  EXPECT_THAT(messages[2]["content"].get<std::string>(), HasSubstr("/score"));
  auto out = result_of(session->step(whole(R"({"score":7})", "stop", 20, 6)));
  ASSERT_EQ(out.status(), v1::TASK_STATUS_SUCCESS);
  EXPECT_EQ(out.output().data(), R"({"score":7})");
  EXPECT_EQ(out.usage().tokens_in(), 30u);
  EXPECT_EQ(out.usage().tokens_out(), 11u);
  EXPECT_DOUBLE_EQ(out.usage().usd(), 41e-6);
}

TEST_F(llm_session_test, repairs_streams_as_well) {
  config["output"] = score_schema;
  begin();
  ASSERT_TRUE(std::holds_alternative<http_request>(play_stream(stream_of("oops"))));
  EXPECT_THAT(session->progress(), HasSubstr("correction 1"));
  auto out = result_of(play_stream(stream_of(R"({"score":7})")));
  EXPECT_EQ(out.output().data(), R"({"score":7})");
  EXPECT_EQ(out.usage().tokens_in(), 20u);
}

TEST_F(llm_session_test, gives_up_when_no_correction_is_left) {
  config["output"] = score_schema;
  config["repair_turns"] = 2;
  begin();
  for (int turn = 0; turn < 2; ++turn)
    ASSERT_TRUE(std::holds_alternative<http_request>(session->step(whole("no"))));
  auto out = result_of(session->step(whole("never")));
  EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_TRUE(out.error().retryable());
  EXPECT_THAT(out.error().message(), AllOf(HasSubstr("2 corrections"), HasSubstr("not JSON")));
  // Paid for all the same.
  EXPECT_EQ(out.usage().tokens_in(), 30u);
}

TEST_F(llm_session_test, corrects_nothing_when_told_so) {
  config["output"] = score_schema;
  config["repair_turns"] = 0;
  EXPECT_EQ(answer(whole("no")).error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
}

TEST_F(llm_session_test, names_the_remedy_for_an_answer_that_was_cut_off) {
  config["max_tokens"] = 5;
  auto out = answer(whole("Once upon a", "length"));
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_FALSE(out.error().retryable());
  EXPECT_THAT(out.error().message(), HasSubstr("raise max_tokens"));
  EXPECT_EQ(out.usage().tokens_out(), 5u);
  config.erase("max_tokens");
  EXPECT_THAT(answer(whole("Once", "length")).error().message(), HasSubstr("max_tokens"));
}

TEST_F(llm_session_test, says_why_there_is_no_answer) {
  EXPECT_THAT(answer(whole("", "content_filter")).error().message(), HasSubstr("content filter"));
  EXPECT_THAT(answer(whole("", "tool_calls")).error().message(), HasSubstr("tool"));
  EXPECT_THAT(answer(whole("")).error().message(), HasSubstr("said nothing"));
  auto refused = answer(http_response{
      200, {}, R"({"choices":[{"message":{"content":null,"refusal":"I will not."},"finish_reason":"stop"}]})"});
  EXPECT_EQ(refused.error().code(), v1::ERROR_CODE_AGENT_FAILED);
  EXPECT_THAT(refused.error().message(), HasSubstr("I will not."));
}

TEST_F(llm_session_test, notices_a_stream_that_ends_too_early) {
  auto text = stream_of("Hello!");
  auto between_events = text.rfind("data: ", text.find("\"stop\""));
  for (auto end : {between_events, between_events - 1, between_events - 20, size_t{0}}) {
    begin();
    auto out = result_of(play_stream(text.substr(0, end)));
    EXPECT_EQ(out.error().code(), v1::ERROR_CODE_UNAVAILABLE) << out.error().message();
    EXPECT_TRUE(out.error().retryable());
  }
}

TEST_F(llm_session_test, ends_at_once_when_a_stream_brings_an_error) {
  begin();
  session->step(http_head{200, {{"Content-Type", "text/event-stream"}}});
  auto out =
      result_of(session->step(http_body_part{"data: {\"error\":{\"message\":\"overloaded\",\"code\":503}}\n\n"}));
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_UNAVAILABLE);
  EXPECT_TRUE(out.error().retryable());
}

TEST_F(llm_session_test, makes_failures_of_the_server_failures_of_the_task) {
  auto out =
      answer(http_response{429, {{"Retry-After", "Sun, 06 Nov 1994 08:49:41 GMT"}}, R"({"error":{"message":"slow"}})"});
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
  EXPECT_TRUE(out.error().retryable());
  EXPECT_EQ(out.error().retry_after_ms(), 4'000u);
  auto late = answer(http_event{error{v1::ERROR_CODE_TIMED_OUT, "late", true}});
  EXPECT_EQ(late.status(), v1::TASK_STATUS_TIMED_OUT);
}

TEST_F(llm_session_test, counts_the_tokens_of_a_failure) {
  config["output"] = score_schema;
  begin();
  session->step(whole("no"));
  auto out = result_of(session->step(http_response{500, {}, "broken"}));
  EXPECT_EQ(out.status(), v1::TASK_STATUS_FAILED);
  EXPECT_EQ(out.usage().tokens_in(), 10u);
}

TEST_F(llm_session_test, never_quotes_its_key) {
  auto out = answer(http_response{401, {}, R"({"error":{"message":"Incorrect API key provided: sk-secret."}})"});
  EXPECT_EQ(out.error().code(), v1::ERROR_CODE_FORBIDDEN);
  EXPECT_THAT(out.error().message(), AllOf(HasSubstr("Incorrect API key"), Not(HasSubstr("sk-secret"))));
}

TEST_F(llm_session_test, survives_an_event_without_end) {
  begin();
  session->step(http_head{200, {{"Content-Type", "text/event-stream"}}});
  http_action action = http_wait{};
  for (int i = 0; i < 100 && std::holds_alternative<http_wait>(action); ++i)
    action = session->step(http_body_part{std::string(100'000, 'x')});
  EXPECT_EQ(result_of(action).error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

RC_GTEST_PROP(llm_session_law, gives_the_same_result_however_a_stream_is_cut, ()) {
  conversation x;
  auto content = *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::inRange(' ', '~')));
  x.begin();
  auto out = x.result_of(x.play_stream(stream_of(content), *rc::gen::inRange<size_t>(1, 200)));
  RC_ASSERT(out.output().data() == content);
  RC_ASSERT(out.usage().tokens_in() == 10u);
}

} // namespace
} // namespace troupe
