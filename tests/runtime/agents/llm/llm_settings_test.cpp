#include "runtime/agents/llm/llm_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace troupe {
namespace {

using ::testing::HasSubstr;

std::string fault(const json& config) {
  auto parsed = llm_settings::parse(config);
  return parsed ? std::string{} : parsed.error().message;
}

TEST(llm_settings_test, reads_every_setting) {
  auto parsed = llm_settings::parse(json::parse(R"({
    "model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key_env": "K", "api_key_file": "/k", "system": "s",
    "prompt": "p {{x}}", "temperature": 0.5, "max_tokens": 100, "price": {"input": 0.15, "output": 0.6},
    "output": {"type": "object"}, "repair_turns": 1, "stream": false, "cassette": {"mode": "replay", "file": "c.jsonl"},
    "headers": {"X-Title": "troupe"}, "max_response_bytes": 1000})"));
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->model, "m");
  EXPECT_EQ(parsed->base_url, "http://127.0.0.1:1/v1");
  EXPECT_EQ(parsed->api_key_env, "K");
  EXPECT_EQ(parsed->api_key_file, "/k");
  EXPECT_EQ(parsed->system, "s");
  EXPECT_EQ(parsed->prompt->text(), "p {{x}}");
  EXPECT_EQ(parsed->temperature, 0.5);
  EXPECT_EQ(parsed->max_tokens, 100u);
  EXPECT_EQ(parsed->price.input, 0.15);
  EXPECT_EQ(parsed->price.output, 0.6);
  EXPECT_TRUE(parsed->output);
  EXPECT_EQ(parsed->repair_turns, 1u);
  EXPECT_FALSE(parsed->stream);
  EXPECT_EQ(parsed->cassette->mode, llm_cassette_settings::mode_type::replay);
  EXPECT_EQ(parsed->cassette->file, "c.jsonl");
  EXPECT_EQ(parsed->headers.size(), 1u);
  EXPECT_EQ(parsed->max_response_bytes, 1000u);
}

TEST(llm_settings_test, needs_a_model_and_nothing_else) {
  auto parsed = llm_settings::parse({{"model", "m"}});
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(parsed->stream);
  EXPECT_EQ(parsed->repair_turns, 2u);
  EXPECT_FALSE(parsed->cassette);
  EXPECT_FALSE(parsed->prompt);
  EXPECT_THAT(fault(json::object()), HasSubstr("model: missing"));
}

TEST(llm_settings_test, names_what_is_wrong) {
  auto with = [](const char* name, json value) { return json{{"model", "m"}, {name, std::move(value)}}; };
  EXPECT_THAT(fault(with("base_url", "nowhere")), HasSubstr("base_url: "));
  EXPECT_THAT(fault(with("prompt", "{{#a}}")), HasSubstr("prompt: "));
  EXPECT_THAT(fault(with("temperature", 3)), HasSubstr("temperature: "));
  EXPECT_THAT(fault(with("max_tokens", 0)), HasSubstr("max_tokens: "));
  EXPECT_THAT(fault(with("price", {{"input", -1}})), HasSubstr("price.input: "));
  EXPECT_THAT(fault(with("output", {{"type", "no such type"}})), HasSubstr("output: "));
  EXPECT_THAT(fault(with("repair_turns", 1000)), HasSubstr("repair_turns: "));
  EXPECT_THAT(fault(with("stream", "yes")), HasSubstr("stream: "));
  EXPECT_THAT(fault(with("cassette", {{"mode", "rewind"}, {"file", "f"}})), HasSubstr("cassette.mode: "));
  EXPECT_THAT(fault(with("cassette", {{"mode", "replay"}})), HasSubstr("cassette.file: "));
  EXPECT_THAT(fault(with("cassette", "file")), HasSubstr("cassette: "));
}

struct llm_endpoint_test : ::testing::Test {
  std::map<std::string, std::string> variables;
  host_lookup lookup{[this](const std::string& name) -> std::optional<std::string> {
                       auto i = variables.find(name);
                       return i == variables.end() ? std::nullopt : std::optional{i->second};
                     },
                     [](const std::string&) -> result<std::string> { return "sk-file\n"; }};
  llm_settings config;

  llm_endpoint_test() {
    config.model = "m";
  }

  llm_endpoint find() {
    auto out = find_llm_endpoint(config, lookup);
    EXPECT_TRUE(out) << (out ? "" : out.error().message);
    return out.value_or(llm_endpoint{});
  }
};

TEST_F(llm_endpoint_test, takes_the_defaults_from_the_environment) {
  variables = {{"OPENAI_BASE_URL", "https://b/v1/"}, {"OPENAI_API_KEY", "sk-1"}};
  EXPECT_EQ(find().base_url, "https://b/v1");
  EXPECT_EQ(find().api_key, "sk-1");
  variables["TROUPE_LLM_BASE_URL"] = "http://a/v1";
  EXPECT_EQ(find().base_url, "http://a/v1");
}

TEST_F(llm_endpoint_test, lets_the_definition_go_first) {
  variables = {{"OPENAI_BASE_URL", "https://b/v1"}, {"OPENAI_API_KEY", "sk-1"}, {"MINE", "sk-2"}};
  config.base_url = "https://c/v1";
  config.api_key_env = "MINE";
  EXPECT_EQ(find().base_url, "https://c/v1");
  EXPECT_EQ(find().api_key, "sk-2");
  config.api_key_env.clear();
  config.api_key_file = "/key";
  EXPECT_EQ(find().api_key, "sk-file");
}

TEST_F(llm_endpoint_test, keeps_the_node_s_key_from_servers_that_a_workflow_names) {
  variables = {{"OPENAI_API_KEY", "sk-1"}};
  config.base_url = "https://elsewhere/v1";
  EXPECT_EQ(find().api_key, "");
  config.api_key_env = "OPENAI_API_KEY";
  EXPECT_EQ(find().api_key, "sk-1");
}

TEST_F(llm_endpoint_test, needs_no_key_for_a_server_that_wants_none) {
  variables = {{"TROUPE_LLM_BASE_URL", "http://127.0.0.1:11434/v1"}};
  EXPECT_EQ(find().api_key, "");
}

TEST_F(llm_endpoint_test, says_what_to_set) {
  auto none = find_llm_endpoint(config, lookup);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, v1::ERROR_CODE_NOT_FOUND);
  EXPECT_THAT(none.error().message, HasSubstr("TROUPE_LLM_BASE_URL"));
  variables = {{"OPENAI_BASE_URL", "not a url"}};
  EXPECT_THAT(find_llm_endpoint(config, lookup).error().message, HasSubstr("OPENAI_BASE_URL"));
  variables = {{"OPENAI_BASE_URL", "http://a/v1"}};
  config.api_key_env = "UNSET";
  EXPECT_THAT(find_llm_endpoint(config, lookup).error().message, HasSubstr("UNSET"));
}

} // namespace
} // namespace troupe
