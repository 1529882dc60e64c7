#pragma once

#include "runtime/agents/llm/llm_session.hpp"

#include "tests/support/manual_clock.hpp"

#include <gtest/gtest.h>

namespace troupe::test {

inline json usage(int in, int out) {
  return {{"prompt_tokens", in}, {"completion_tokens", out}, {"total_tokens", in + out}};
}

/// A whole answer of a server that does not stream.
inline http_response whole(const std::string& content, const std::string& reason = "stop", int in = 10, int out = 5) {
  json body{{"choices", {{{"message", {{"role", "assistant"}, {"content", content}}}, {"finish_reason", reason}}}},
            {"usage", usage(in, out)}};
  return {200, {{"Content-Type", "application/json"}}, body.dump()};
}

/// The same as the bytes of a stream, a piece per character.
inline std::string stream_of(const std::string& content, const std::string& reason = "stop", int in = 10, int out = 5) {
  std::string text;
  auto event = [&text](const json& x) { text += "data: " + x.dump() + "\n\n"; };
  for (char c : content)
    event({{"choices", {{{"delta", {{"content", std::string(1, c)}}}, {"finish_reason", nullptr}}}}});
  event({{"choices", {{{"delta", json::object()}, {"finish_reason", reason}}}}});
  event({{"choices", json::array()}, {"usage", usage(in, out)}});
  return text + "data: [DONE]\n\n";
}

/// A session with a model, played by the test: what it asks for, and what it makes of the answers.
struct conversation {
  manual_clock time{784'111'777'000};
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

} // namespace troupe::test
