#include "runtime/agents/llm/llm_session.hpp"

#include "tests/support/manual_clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

json usage(int in, int out) {
  return {{"prompt_tokens", in}, {"completion_tokens", out}, {"total_tokens", in + out}};
}

/// A whole answer of a server that does not stream.
http_response whole(const std::string& content, const std::string& reason = "stop", int in = 10, int out = 5) {
  json body{{"choices", {{{"message", {{"role", "assistant"}, {"content", content}}}, {"finish_reason", reason}}}},
            {"usage", usage(in, out)}};
  return {200, {{"Content-Type", "application/json"}}, body.dump()};
}

/// The same as the bytes of a stream, a piece per character.
std::string stream_of(const std::string& content, const std::string& reason = "stop", int in = 10, int out = 5) {
  std::string text;
  auto event = [&text](const json& x) { text += "data: " + x.dump() + "\n\n"; };
  for (char c : content)
    event({{"choices", {{{"delta", {{"content", std::string(1, c)}}}, {"finish_reason", nullptr}}}}});
  event({{"choices", {{{"delta", json::object()}, {"finish_reason", reason}}}}});
  event({{"choices", json::array()}, {"usage", usage(in, out)}});
  return text + "data: [DONE]\n\n";
}

struct conversation {
  test::manual_clock time{784'111'777'000};
  json config{{"model", "m"}, {"prompt", "Say {{word}}"}};
  llm_endpoint endpoint{"http://127.0.0.1:1/v1", "sk-secret"};
  v1::Task task;
  std::unique_ptr<llm_session> session;

  conversation() {
    task.mutable_input()->set_data(R"({"word":"hello"})");
    task.set_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    task.set_idempotency_key("run/1");
  }

  http_action begin() {
    auto parsed = llm_settings::parse(config);
    EXPECT_TRUE(parsed) << (parsed ? "" : parsed.error().message);
    session = std::make_unique<llm_session>(std::make_shared<const llm_settings>(*parsed),
                                            std::make_shared<const llm_endpoint>(endpoint), task, time);
    return session->step(http_begin{});
  }

  http_request request() {
    return std::get<http_request>(begin());
  }

  json body() {
    return json::parse(request().body);
  }

  v1::TaskResult result_of(http_action action) {
    if (auto* out = std::get_if<v1::TaskResult>(&action))
      return *out;
    ADD_FAILURE() << "the session goes on";
    return {};
  }

  v1::TaskResult answer(http_event event) {
    begin();
    return result_of(session->step(event));
  }

  /// Ends a streamed answer; `cut` is the size of its parts.
  http_action play_stream(const std::string& text, size_t cut = 1'000) {
    session->step(http_head{200, {{"Content-Type", "text/event-stream; charset=utf-8"}}});
    for (size_t i = 0; i < text.size(); i += cut) {
      auto action = session->step(http_body_part{text.substr(i, cut)});
      if (!std::holds_alternative<http_wait>(action))
        return action;
    }
    return session->step(http_response{200, {}, ""});
  }
};

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

// --- turns of a team ---

json call(const std::string& id, const std::string& name, const json& arguments) {
  return {{"id", id}, {"type", "function"}, {"function", {{"name", name}, {"arguments", arguments.dump()}}}};
}

http_response with_calls(const json& calls) {
  json body{{"choices",
             {{{"message", {{"role", "assistant"}, {"content", nullptr}, {"tool_calls", calls}}},
               {"finish_reason", "tool_calls"}}}},
            {"usage", usage(10, 5)}};
  return {200, {{"Content-Type", "application/json"}}, body.dump()};
}

struct team_conversation : conversation {
  team_conversation() {
    task.mutable_turn()->set_role("writer");
    task.mutable_turn()->set_context(
        R"({"role": "writer", "goal": "a report", "phase": "draft", "iteration": 1, "max_iterations": 3,
            "teammates": [{"role": "researcher", "ask_when": "you need a fact"}],
            "workspace": {"artifacts": {"research": "notes"}}, "inbox": []})");
  }
};

TEST(llm_session, tells_a_member_of_a_team_who_it_is_and_whom_to_ask) {
  team_conversation it;
  auto body = it.body();
  std::string system = body["messages"][0]["content"];
  EXPECT_EQ(body["messages"][0]["role"], "system");
  EXPECT_THAT(system, AllOf(HasSubstr("You are the writer of a team working to this goal: a report"),
                            HasSubstr("researcher. Ask when you need a fact"), HasSubstr("The phase is draft"),
                            HasSubstr("notes")));
  EXPECT_EQ(body["tools"].size(), 9u);
}

TEST(llm_session, does_what_the_model_calls_for_and_tells_it_what_became_of_it) {
  team_conversation it;
  it.request();
  auto first = it.session->step(with_calls(
      json::array({call("c1", "ask", {{"to", "researcher"}, {"content", "?"}}), call("c2", "dance", json::object())})));
  ASSERT_TRUE(std::holds_alternative<v1::TaskOp>(first));
  EXPECT_EQ(std::get<v1::TaskOp>(first).ask().to(), "researcher");
  v1::OpAnswer answer;
  answer.set_value("42");
  auto next = it.session->step(answer);
  ASSERT_TRUE(std::holds_alternative<http_request>(next));
  auto messages = json::parse(std::get<http_request>(next).body)["messages"];
  auto n = messages.size();
  EXPECT_EQ(messages[n - 3]["tool_calls"].size(), 2u);
  EXPECT_EQ(messages[n - 2], (json{{"role", "tool"}, {"tool_call_id", "c1"}, {"content", R"({"value":42})"}}));
  EXPECT_THAT(std::string{messages[n - 1]["content"]}, HasSubstr("there is no operation"));
  auto result = it.result_of(it.session->step(whole("done")));
  EXPECT_EQ(result.output().data(), "done");
  EXPECT_EQ(result.usage().tokens_in(), 20u);
}

TEST(llm_session, tells_a_member_what_it_is_and_what_it_is_to_do_in_one_message) {
  team_conversation it;
  it.config["system"] = "You write short texts.";
  auto messages = it.body()["messages"];
  ASSERT_EQ(messages.size(), 2u) << "not every model takes two system messages";
  EXPECT_THAT(std::string{messages[0]["content"]},
              AllOf(HasSubstr("You write short texts."), HasSubstr("You are the writer of a team")));
  EXPECT_EQ(messages[1]["role"], "user");
}

struct member_conversation : team_conversation {
  explicit member_conversation(const json& more) {
    auto context = json::parse(task.turn().context());
    context.update(more);
    task.mutable_turn()->set_context(context.dump());
    request();
  }

  /// The model uses a tool, which answers `value`, and says `content` in the end.
  v1::TaskResult use_and_say(const std::string& tool, const json& arguments, const v1::OpAnswer& answer,
                             const std::string& content) {
    session->step(with_calls(json::array({call("c1", tool, arguments)})));
    session->step(answer);
    return result_of(session->step(whole(content)));
  }
};

TEST(llm_session, does_not_overwrite_what_the_model_has_written_by_a_tool) {
  v1::OpAnswer done;
  done.set_value(R"({"version": 1})");
  v1::OpAnswer refused;
  refused.mutable_error()->set_code(v1::ERROR_CODE_CONFLICT);
  json own{{"artifact", "draft"}, {"value", "the draft"}};
  member_conversation writes{{{"writes", "draft"}}};
  EXPECT_EQ(writes.use_and_say("put", own, done, "I have written it.").output().data(), "null");
  member_conversation other{{{"writes", "draft"}}};
  EXPECT_EQ(other.use_and_say("put", {{"artifact", "notes"}, {"value", 1}}, done, "The draft.").output().data(),
            "The draft.");
  member_conversation fails{{{"writes", "draft"}}};
  EXPECT_EQ(fails.use_and_say("put", own, refused, "The draft.").output().data(), "The draft.");
}

TEST(llm_session, lets_a_model_say_nothing_when_its_tools_have_said_it) {
  member_conversation it{{{"writes", "draft"}}};
  EXPECT_EQ(it.use_and_say("log", {{"text", "done"}}, {}, "").output().data(), "null");
}

TEST(llm_session, finds_the_verdict_of_a_reviewer_in_what_it_says) {
  member_conversation it{{{"reviews", true}}};
  auto result = it.use_and_say("log", {{"text", "read it"}}, {}, "```json\n{\"verdict\": \"approve\"}\n```");
  EXPECT_EQ(result.output().data(), R"({"verdict":"approve"})");
  member_conversation vague{{{"reviews", true}}};
  EXPECT_EQ(vague.use_and_say("log", {{"text", "read it"}}, {}, "It is fine.").output().data(), "It is fine.");
}

TEST(llm_session, bounds_the_turns_that_only_use_tools) {
  team_conversation it;
  it.request();
  http_action action;
  for (uint64_t i = 0; i <= llm_session::most_tool_turns; ++i) {
    action = it.session->step(with_calls(json::array({call("c", "inbox", json::object())})));
    if (std::holds_alternative<v1::TaskOp>(action))
      action = it.session->step(v1::OpAnswer{});
  }
  EXPECT_EQ(it.result_of(std::move(action)).error().code(), v1::ERROR_CODE_RESOURCE_EXHAUSTED);
}

} // namespace
} // namespace troupe
