#include "documents.hpp"

namespace troupe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;

agent_definition agent_of(const std::string& text) {
  auto loaded = load_agents({"doc", "agents: {x: " + text + "}"});
  EXPECT_THAT(messages(loaded), testing::IsEmpty());
  return loaded ? loaded->at("x") : agent_definition{};
}

std::vector<std::string> agent_faults(const std::string& text) {
  return messages(load_agents({"doc", "agents: {x: " + text + "}"}));
}

TEST(agent, has_the_keys_that_all_kinds_have) {
  auto x = agent_of(R"({kind: lua, script: "return 1", capabilities: [search, read], labels: {team: blue},
    placement: {gpu: "yes"}, replicas: 4, concurrency: 2, max_concurrent: 10, input: {type: object},
    output: {type: string}, retry: {maximum_attempts: 2}, timeout: 90,
    breaker: {failure_ratio: 0.25, window: 8, open_for: 3s}})");
  EXPECT_EQ(x.name, "x");
  EXPECT_EQ(x.kind, "lua");
  EXPECT_EQ(x.config, json({{"script", "return 1"}}));
  EXPECT_THAT(x.capabilities, ElementsAre("search", "read"));
  EXPECT_THAT(x.labels, ElementsAre(Pair("team", "blue")));
  EXPECT_THAT(x.placement, ElementsAre(Pair("gpu", "yes")));
  EXPECT_EQ(x.replicas, 4u);
  EXPECT_EQ(x.concurrency, 2u);
  EXPECT_EQ(x.max_concurrent, 10u);
  EXPECT_FALSE(x.input_schema->check(1).empty());
  EXPECT_TRUE(x.output_schema->check("text").empty());
  EXPECT_EQ(x.retry->maximum_attempts, 2u);
  EXPECT_EQ(x.timeout, milliseconds{90'000});
  EXPECT_EQ(x.breaker.failure_ratio, 0.25);
  EXPECT_EQ(x.breaker.window, 8u);
  EXPECT_EQ(x.breaker.open_for, milliseconds{3'000});
  EXPECT_EQ(x.hash.size(), 64u);
}

TEST(agent, of_each_kind_keeps_its_settings_as_they_stand) {
  EXPECT_EQ(agent_of("{kind: function}").config, json({{"function", "x"}, {"config", json::object()}}));
  EXPECT_EQ(agent_of("{kind: function, function: text.search, config: {folder: /docs}}").config,
            json({{"function", "text.search"}, {"config", {{"folder", "/docs"}}}}));
  EXPECT_EQ(agent_of("{kind: process, command: [python3, a.py], env: {A: \"1\"}, cwd: /tmp}").config,
            R"({"command": ["python3", "a.py"], "env": {"A": "1"}, "cwd": "/tmp"})"_json);
  EXPECT_EQ(agent_of("{kind: http, url: \"https://a.example/x\", method: PUT, headers: {X-A: b}}").config,
            R"({"url": "https://a.example/x", "method": "PUT", "headers": {"X-A": "b"}})"_json);
  EXPECT_EQ(agent_of(R"({kind: llm, model: m, base_url: "http://127.0.0.1:1/v1", api_key_env: KEY, prompt: "{{{q}}}",
                        system: s, temperature: 0.5, max_tokens: 100, price: {input: 0.15, output: 0.6},
                        cassette: {file: c.jsonl, mode: replay}, repair_turns: 1, stream: false,
                        output: {type: object}, replicas: 2})")
                .config,
            R"({"model": "m", "base_url": "http://127.0.0.1:1/v1", "api_key_env": "KEY", "prompt": "{{{q}}}",
                "system": "s", "temperature": 0.5, "max_tokens": 100, "price": {"input": 0.15, "output": 0.6},
                "cassette": {"file": "c.jsonl", "mode": "replay"}, "repair_turns": 1, "stream": false,
                "output": {"type": "object"}})"_json);
}

TEST(agent, is_hashed_by_how_it_is_made) {
  auto hash = [](const std::string& more) { return agent_of("{kind: lua, script: \"return 1\"" + more + "}").hash; };
  EXPECT_EQ(hash(""), hash(", labels: {a: b}, timeout: 5s"));
  EXPECT_EQ(hash(""), hash(", replicas: 1"));
  EXPECT_NE(hash(""), hash(", replicas: 2"));
  EXPECT_NE(hash(""), agent_of("{kind: lua, script: \"return 2\"}").hash);
}

TEST(agent, is_pure_where_it_has_no_way_to_the_outside_or_says_so) {
  EXPECT_TRUE(agent_of("{kind: lua, script: \"return 1\"}").pure);
  EXPECT_FALSE(agent_of("{kind: lua, script: \"return 1\", pure: false}").pure);
  EXPECT_FALSE(agent_of("{kind: function, function: f}").pure);
  EXPECT_TRUE(agent_of("{kind: function, function: f, pure: true}").pure);
  EXPECT_FALSE(agent_of("{kind: process, command: [x]}").pure);
  EXPECT_THAT(agent_faults("{kind: lua, script: \"return 1\", pure: 1}"),
              ElementsAre(StartsWith("doc:1:51: agents.x.pure: expected true or false, found 1")));
}

TEST(agent, needs_a_kind) {
  EXPECT_THAT(
      agent_faults("{script: \"return 1\"}"),
      ElementsAre(
          "doc:1:13: agents.x: the key \"kind\" is missing; expected one of function, lua, process, http, llm"));
  EXPECT_THAT(agent_faults("lua"),
              ElementsAre(StartsWith("doc:1:13: agents.x: expected an agent (an object with `kind`)")));
}

TEST(agent, refuses_the_keys_of_other_kinds) {
  EXPECT_THAT(agent_faults("{kind: lua, script: \"return 1\", url: \"http://a\"}"),
              ElementsAre(StartsWith("doc:1:45: agents.x.url: unknown key in an agent of kind lua; expected one of")));
}

TEST(agent, refuses_settings_that_cannot_work) {
  EXPECT_THAT(agent_faults("{kind: lua}"), ElementsAre(HasSubstr("the key \"script\" is missing")));
  EXPECT_THAT(agent_faults("{kind: lua, script: \"return (\"}"),
              ElementsAre(StartsWith("doc:1:33: agents.x.script: ")));
  EXPECT_THAT(agent_faults("{kind: process, command: []}"), ElementsAre(HasSubstr("a command without a program")));
  EXPECT_THAT(agent_faults("{kind: process, command: run.sh}"), ElementsAre(HasSubstr("expected a list of texts")));
  EXPECT_THAT(agent_faults("{kind: http, url: \"ftp://a\"}"), ElementsAre(HasSubstr("expected a URL with http:// or")));
  EXPECT_THAT(agent_faults("{kind: http, url: \"http://a\", method: GET}"),
              ElementsAre(HasSubstr("one of POST, PUT, PATCH")));
  EXPECT_THAT(agent_faults("{kind: llm, model: m, prompt: \"{{#a}}\"}"), ElementsAre(HasSubstr("agents.x.prompt: ")));
  EXPECT_THAT(agent_faults("{kind: llm, model: m, api_key_env: A, api_key_file: b}"),
              ElementsAre(HasSubstr("both `api_key_env` and `api_key_file`")));
  EXPECT_THAT(agent_faults("{kind: llm, model: m, price: {inputs: 1}}"),
              ElementsAre(HasSubstr("did you mean \"input\"?")));
  EXPECT_THAT(agent_faults("{kind: function, output: {type: 12}}"), ElementsAre(HasSubstr("agents.x.output: ")));
  EXPECT_THAT(agent_faults("{kind: function, output: text}"), ElementsAre(HasSubstr("expected a JSON Schema")));
}

TEST(agents, of_the_workflow_win_over_shared_ones) {
  load_options options;
  options.agents = source_text{"shared", R"(agents:
  a: {kind: lua, script: "return 'shared'"}
  b: {kind: lua, script: "return 'shared'"}
  unused: {kind: lua, script: "return 'shared'"}
)"};
  auto loaded = load(R"(workflow: w
agents: {a: {kind: lua, script: "return 'own'"}}
steps: [{id: x, agent: a}, {id: y, agent: b}]
)",
                     options);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->agents.at("a").config["script"], "return 'own'");
  EXPECT_EQ(loaded->agents.at("b").config["script"], "return 'shared'");
  EXPECT_EQ(loaded->agents.count("unused"), 0u);
  EXPECT_EQ(loaded->document["agents"].size(), 2u);
  auto again = compile_workflow(loaded->document);
  ASSERT_THAT(messages(again), testing::IsEmpty());
  EXPECT_EQ((*again)->hash, loaded->hash);
}

TEST(agents, document_holds_nothing_else) {
  EXPECT_THAT(messages(load_agents({"doc", "agents: {}\nsteps: []\n"})),
              ElementsAre(StartsWith("doc:2:1: steps: unknown key")));
  EXPECT_THAT(messages(load_agents({"doc", "{}"})), ElementsAre("doc:1:1: the key \"agents\" is missing"));
}

} // namespace
} // namespace troupe
