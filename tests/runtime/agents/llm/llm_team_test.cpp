// A model that takes turns in a team: what it is told, and what becomes of the tools that it calls.
#include "tests/runtime/agents/llm/conversation.hpp"

#include <gmock/gmock.h>

namespace troupe {
namespace {

using namespace test;
using ::testing::AllOf;
using ::testing::HasSubstr;

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

TEST(llm_team, tells_a_member_of_a_team_who_it_is_and_whom_to_ask) {
  team_conversation it;
  auto body = it.body();
  std::string system = body["messages"][0]["content"];
  EXPECT_EQ(body["messages"][0]["role"], "system");
  EXPECT_THAT(system, AllOf(HasSubstr("You are the writer of a team working to this goal: a report"),
                            HasSubstr("researcher. Ask when you need a fact"), HasSubstr("The phase is draft"),
                            HasSubstr("notes")));
  EXPECT_EQ(body["tools"].size(), 10u);
}

TEST(llm_team, does_what_the_model_calls_for_and_tells_it_what_became_of_it) {
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

TEST(llm_team, tells_a_member_what_it_is_and_what_it_is_to_do_in_one_message) {
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

TEST(llm_team, does_not_overwrite_what_the_model_has_written_by_a_tool) {
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

TEST(llm_team, lets_a_model_say_nothing_when_its_tools_have_said_it) {
  member_conversation it{{{"writes", "draft"}}};
  EXPECT_EQ(it.use_and_say("log", {{"text", "done"}}, {}, "").output().data(), "null");
}

struct reviewer_conversation : team_conversation {
  explicit reviewer_conversation(const json& more = json::object(), const json& settings = json::object()) {
    config.update(settings);
    auto context = json::parse(task.turn().context());
    context["reviews"] = true;
    context.update(more);
    task.mutable_turn()->set_context(context.dump());
    task.mutable_turn()->set_reviews(true);
    request();
  }

  /// What the model is asked after it has said `content`.
  std::string asked_after(const std::string& content) {
    auto action = session->step(whole(content));
    auto* next = std::get_if<http_request>(&action);
    return next ? std::string{json::parse(next->body)["messages"].back()["content"]} : "";
  }

  void use(const std::string& tool, const json& arguments, const v1::OpAnswer& answer = {}) {
    session->step(with_calls(json::array({call("c1", tool, arguments)})));
    session->step(answer);
  }
};

TEST(llm_team, finds_the_verdict_of_a_reviewer_in_what_it_says) {
  reviewer_conversation it;
  it.use("log", {{"text", "read it"}});
  auto result = it.result_of(it.session->step(whole("```json\n{\"verdict\": \"approve\"}\n```")));
  EXPECT_EQ(result.output().data(), R"({"verdict":"approve"})");
}

TEST(llm_team, sends_a_review_without_a_verdict_back) {
  reviewer_conversation it;
  it.use("log", {{"text", "read it"}});
  EXPECT_THAT(it.asked_after("It is fine."),
              AllOf(HasSubstr("there is no verdict in it"), HasSubstr(R"(answer {"verdict": "approve"}, or)")));
  EXPECT_THAT(it.asked_after(R"({"verdict": "maybe"})"), HasSubstr(R"(is "approve" or "revise"; this is "maybe")"));
  auto result = it.result_of(it.session->step(whole(R"({"verdict": "revise", "comments": "shorter"})")));
  EXPECT_EQ(result.output().data(), R"({"comments":"shorter","verdict":"revise"})");
  EXPECT_EQ(result.usage().tokens_in(), 40u);
}

TEST(llm_team, fails_when_no_correction_brings_a_verdict) {
  reviewer_conversation it{json::object(), {{"repair_turns", 1}}};
  EXPECT_NE(it.asked_after("It is fine."), "");
  auto result = it.result_of(it.session->step(whole("It really is.")));
  EXPECT_EQ(result.error().code(), v1::ERROR_CODE_INVALID_OUTPUT);
  EXPECT_TRUE(result.error().retryable());
  EXPECT_THAT(result.error().message(), AllOf(HasSubstr("without a verdict"), HasSubstr("1 corrections")));
}

TEST(llm_team, wants_a_verdict_under_a_schema_and_after_tools_as_well) {
  reviewer_conversation scores{json::object(), {{"output", {{"type", "object"}}}}};
  EXPECT_THAT(scores.asked_after(R"({"score": 7})"), HasSubstr("there is no verdict in it"));
  EXPECT_EQ(scores.result_of(scores.session->step(whole(R"({"verdict": "approve"})"))).status(),
            v1::TASK_STATUS_SUCCESS);

  reviewer_conversation silent;
  silent.use("log", {{"text", "read it"}});
  auto next = silent.session->step(whole(""));
  ASSERT_TRUE(std::holds_alternative<http_request>(next));
  auto messages = json::parse(std::get<http_request>(next).body)["messages"];
  EXPECT_EQ(messages[messages.size() - 2]["role"], "tool") << "nothing was said, and not every server takes that";

  reviewer_conversation operates;
  auto both = R"({"operations":[{"op":"log","text":"read it"}],"output":{"verdict":"approve"}})";
  EXPECT_EQ(operates.result_of(operates.session->step(whole(both))).output().data(), both);

  reviewer_conversation writes{{{"writes", "review"}}};
  writes.use("put", {{"artifact", "review"}, {"value", "long"}});
  EXPECT_EQ(writes.result_of(writes.session->step(whole(R"({"verdict": "revise"})"))).output().data(),
            R"({"verdict":"revise"})");
}

TEST(llm_team, lets_a_reviewer_hand_over_in_place_of_a_verdict_where_that_says_who_is_next) {
  reviewer_conversation it{{{"phase", ""}}};
  it.use("handoff", {{"to", "editor"}});
  EXPECT_EQ(it.result_of(it.session->step(whole("The editor has it."))).output().data(), "The editor has it.");
  reviewer_conversation refused{{{"phase", ""}}};
  v1::OpAnswer no;
  no.mutable_error()->set_code(v1::ERROR_CODE_FORBIDDEN);
  refused.use("handoff", {{"to", "editor"}}, no);
  EXPECT_NE(refused.asked_after("The editor has it."), "");
  reviewer_conversation in_phases;
  in_phases.use("handoff", {{"to", "editor"}});
  EXPECT_NE(in_phases.asked_after("The editor has it."), "");
}

TEST(llm_team, wants_no_verdict_of_a_step_inside_of_a_reviewers_turn) {
  member_conversation it{{{"reviews", true}}};
  EXPECT_EQ(it.result_of(it.session->step(whole("It is fine."))).output().data(), "It is fine.");
}

TEST(llm_team, survives_arguments_of_a_million_levels) {
  team_conversation it;
  it.request();
  auto deep = call("c", "notify", json::object());
  deep["function"]["arguments"] = R"({"content": )" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}";
  auto next = it.session->step(with_calls(json::array({deep})));
  ASSERT_TRUE(std::holds_alternative<http_request>(next));
  std::string told = json::parse(std::get<http_request>(next).body)["messages"].back()["content"];
  EXPECT_THAT(told, HasSubstr("no JSON object: byte 75: nested deeper than 64 levels"));
}

TEST(llm_team, bounds_the_turns_that_only_use_tools) {
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
