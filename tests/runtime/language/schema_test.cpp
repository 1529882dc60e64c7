// The published schema against the parser, both ways.
#include "runtime/expression/json_schema.hpp"
#include "runtime/language/keys.hpp"

#include "documents.hpp"

#include <fstream>
#include <functional>

namespace troupe {
namespace {

json schema_document() {
  std::ifstream in{std::string{TROUPE_SOURCE_DIR} + "/docs/schema/workflow.schema.json"};
  return json::parse(in, nullptr, false);
}

const json_schema& schema() {
  static const auto compiled = json_schema::compile(schema_document());
  EXPECT_TRUE(compiled.has_value()) << (compiled ? "" : compiled.error().message);
  return *compiled;
}

/// What the schema speaks of: a workflow (or template), or agents alone.
bool parser_accepts(const json& document) {
  auto only_agents = document.is_object() && document.size() == 1 && document.contains("agents");
  return only_agents ? load_agents({"doc", document.dump()}).has_value()
                     : load_workflow({"doc", document.dump()}).has_value();
}

const json agents = R"({
  "a": {"kind": "lua", "script": "return input"},
  "b": {"kind": "function", "function": "text.search", "config": {"folder": "/docs"}, "capabilities": ["search"],
        "labels": {"x": "y"}, "placement": {"zone": "eu"}, "replicas": 2, "concurrency": 3, "max_concurrent": 4,
        "pure": true,
        "input": {"type": "object"}, "output": true, "retry": {"maximum_attempts": 2, "initial_interval": 0,
        "backoff_coefficient": 1.5, "maximum_interval": "5s", "jitter": 0.1, "non_retryable": ["timed_out"]},
        "timeout": "10s", "breaker": {"failure_ratio": 0.5, "window": 10, "open_for": 2.5}},
  "c": {"kind": "process", "command": ["cat", "-"], "env": {"A": "b"}, "cwd": "/tmp"},
  "d": {"kind": "http", "url": "http://127.0.0.1/x", "method": "POST", "headers": {"a": "b"}, "api_key_env": "K",
        "max_response_bytes": 1000},
  "e": {"kind": "llm", "model": "m", "base_url": "https://x/v1", "api_key_file": "k", "prompt": "{{x}}", "system": "s",
        "temperature": 1, "max_tokens": 10, "price": {"input": 1, "output": 2.5}, "stream": true,
        "cassette": {"file": "f", "mode": "auto"}, "repair_turns": 1, "headers": {}, "max_response_bytes": 5}
})"_json;

json workflow_of(const json& steps) {
  json simple = {{"kind", "function"}};
  return {{"workflow", "w"}, {"agents", {{"a", simple}, {"b", simple}, {"c", simple}}}, {"steps", steps}};
}

std::vector<json> valid_documents() {
  std::vector<json> out = {
      {{"agents", agents}},
      R"({"parallel_group": {"id": "pg-001", "agents": [
           {"id": "agent_1", "type": "a", "input_mapping": "$.request.topic_1", "timeout_seconds": 60},
           {"id": "agent_2", "type": "search", "input_mapping": {"x": 1}}],
         "aggregation": {"strategy": "merge_all", "minimum_required": 1, "timeout_seconds": 120}}})"_json,
      workflow_of(R"([{"id": "x", "agent": "a", "input": {"t": "$.input.t"}, "attempt_timeout": 5, "when": "input.go",
        "timeout": "1m", "retry": {}, "fallback": "b", "on_error": "continue", "priority": "high",
        "placement": {"zone": "eu"}}, {"id": "y", "agent": "a", "needs": ["x"], "priority": -100, "on_error": {"output": null},
        "fallback": {"agent": "c"}}])"_json),
      workflow_of(
          R"([{"id": "x", "steps": [{"id": "y", "agent": "a"}], "order": "sequential", "output": "$.steps.y"}])"_json),
      workflow_of(R"([{"id": "x", "choose": [{"when": "input", "agent": "a"}, {"otherwise": {"agent": "b"}}]}])"_json),
      workflow_of(
          R"([{"id": "x", "parallel": {"agents": ["a", {"id": "q", "agent": "b", "timeout": 5}], "max_concurrent": 2,
        "fail_fast": true, "timeout": 60, "aggregate": {"strategy": "best_result", "score": "output.n"}}}])"_json),
      workflow_of(
          R"([{"id": "x", "parallel": {"branches": [{"id": "q", "agent": "a"}], "aggregate": {"strategy": "consensus",
        "threshold": 1, "key": "$.v", "weights": "confidence", "wait": "any_valid", "valid": "output.ok"}}}])"_json),
      workflow_of(
          R"([{"id": "x", "parallel": {"branches": {"q": {"steps": [{"id": "r", "agent": "a"}]}, "s": {"agent": "b"}},
        "aggregate": {"strategy": "synthesis", "agent": "c", "wait": {"quorum": 2}, "deadline": "5s"}}}])"_json),
      workflow_of(R"([{"id": "x", "parallel": {"each": "$.input.l", "agent": "a", "input": "$.item", "key": "$.item.n",
        "aggregate": {"strategy": "reduce", "reduce": "accumulator + item", "initial": 0, "minimum_required": "all",
        "on_shortfall": ["retry", "escalate", "fail"]}}}])"_json),
      workflow_of(
          R"([{"id": "x", "parallel": {"each": [1, 2], "step": {"agent": "a"}, "aggregate": {"strategy": "best_result",
        "scorer": "b", "on_shortfall": "fallback", "fallback": {"agent": "c"}, "minimum_required": 0}}},
        {"id": "y", "parallel": {"each": [1, 2], "steps": [{"id": "z", "agent": "a"}]}}])"_json),
      workflow_of(R"([{"id": "x", "team": {"goal": "g", "task": {"requirements": ["$.input.r"]}, "agents": [
        {"role": "researcher", "agent": "a", "input": "$.workspace", "attempt_timeout": 5, "capabilities": ["x"],
         "tools": ["t"], "interacts_with": ["reviewer"], "writes": "notes", "timeout": "1m", "retry": {}, "fallback": "b",
         "on_error": "continue", "priority": "high", "placement": {"zone": "eu"}},
        {"role": "reviewer", "archetype": "critic", "agent": "b", "expertise": "e", "responsibilities": ["r"],
         "ask_when": "w", "writes": false},
        {"role": "team", "step": {"agent": "c"}}, {"role": "others", "steps": [{"id": "y", "agent": "c"}], "order": "sequential",
         "output": "$.steps.y"}],
        "phases": [{"phase": "research", "roles": ["researcher", "team"], "writes": "n"},
                   {"phase": "rest", "roles": ["others"]}, "reviewer"],
        "turns": "by_phase", "max_iterations": 2, "at_bound": "fail", "until": "workspace.iteration > 1",
        "review": {"by": ["reviewer"], "back_to": "rest"}, "on_conflict": "agent", "resolver": "c",
        "request_timeout": "5s", "ageing": "1s", "limits": {"artifact_bytes": 10, "workspace_bytes": 10, "artifacts": 1,
        "messages": 1, "history": 1, "operations_per_turn": 1, "inline_bytes": 1}, "workspace": "$.input.w",
        "messages": ["$.input.m"], "output": "$.workspace.artifacts"}}])"_json),
      workflow_of(R"([{"id": "x", "team": {"agents": [{"role": "a"}, {"role": "b"}], "turns": {"selector": "'a'"},
        "on_conflict": "human", "decision_timeout": "1h"}},
        {"id": "y", "team": {"agents": [{"role": "a"}], "turns": {"selector": {"agent": "b"}}}},
        {"id": "z", "team": {"agents": [{"role": "a"}], "turns": "free", "on_conflict": "vote"}}])"_json),
      R"({"team": {"id": "t", "goal": "g", "agents": [{"role": "a", "capabilities": ["search"], "interacts_with": ["b"]},
           {"role": "b", "agent": "a"}], "workflow": {"phases": ["p", "q"], "max_iterations": 3}}})"_json,
  };
  out.back()["agents"] = {{"a", agents["a"]}, {"b", agents["b"]}};
  out[1]["agents"] = {{"a", agents["a"]}, {"b", agents["b"]}};
  auto full = workflow_of(R"([{"id": "x", "agent": "a"}])"_json);
  full.update(R"({"description": "d", "input": {"type": "object"}, "output_schema": true, "order": "parallel",
                  "output": ["$.steps.x"]})"_json);
  out.push_back(full);
  return out;
}

/// Calls `seen` with the document after each of many small damages: a strange key added to an object, a member removed,
/// a value replaced by one of another type.
void for_each_damage(const json& document, const std::function<void(const json&, const std::string&)>& seen) {
  std::set<std::string> places;
  const auto flat = document.flatten();
  for (auto& [pointer, ignored] : flat.items())
    for (json::json_pointer at{pointer}; places.insert(at.to_string()).second && !at.empty();)
      at = at.parent_pointer();
  const std::vector<json> others = {
      nullptr, true, -1, 1.5, "?", json::array(), json::object(), json::parse("[[]]"), json{{"strange", 1}}};
  size_t next = 0;
  for (auto& place : places) {
    json::json_pointer at{place};
    // Not all of them everywhere, for time; neighbours get different ones.
    for (int i = 0; i < 5; ++i) {
      auto& other = others[next++ % others.size()];
      auto damaged = document;
      damaged[at] = other;
      seen(damaged, place + " = " + other.dump());
    }
    if (!document[at].is_object())
      continue;
    auto damaged = document;
    damaged[at]["strange"] = 1;
    seen(damaged, place + " with a strange key");
    for (auto& [key, value] : document[at].items()) {
      damaged = document;
      damaged[at].erase(key);
      seen(damaged, place + " without " + key);
    }
  }
}

TEST(schema, lists_the_keys_that_the_parser_knows) {
  auto definitions = schema_document()["definitions"];
  std::set<std::string> closed;
  for (auto& [name, definition] : definitions.items())
    if (definition.contains("properties")) {
      closed.insert(name);
      EXPECT_EQ(definition["additionalProperties"], false) << name;
    }
  for (auto& [construct, keys] : language_keys()) {
    ASSERT_TRUE(closed.count(construct)) << construct << " is not in the schema";
    std::set<std::string> published;
    for (auto& [key, value] : definitions[construct]["properties"].items())
      published.insert(key);
    EXPECT_EQ(published, std::set<std::string>(keys.begin(), keys.end())) << construct;
    closed.erase(construct);
  }
  EXPECT_THAT(closed, testing::IsEmpty()) << "not in the parser";
}

TEST(schema, accepts_valid_documents_as_the_parser_does) {
  for (auto& document : valid_documents()) {
    EXPECT_THAT(schema().check(document), testing::IsEmpty()) << document.dump(2);
    EXPECT_TRUE(parser_accepts(document)) << document.dump(2);
  }
}

TEST(schema, has_every_key_in_a_valid_document) {
  // So that the tests beside this one speak of all of the language.
  std::set<std::string> used;
  std::function<void(const json&)> collect = [&](const json& value) {
    if (value.is_object())
      for (auto& [key, inner] : value.items())
        used.insert(key);
    if (value.is_structured())
      for (auto& inner : value)
        collect(inner);
  };
  for (auto& document : valid_documents())
    collect(document);
  for (auto& [construct, keys] : language_keys())
    for (auto& key : keys)
      EXPECT_TRUE(used.count(key)) << construct << "." << key;
}

TEST(schema, refuses_nothing_that_the_parser_accepts) {
  size_t accepted = 0, refused = 0;
  for (auto& document : valid_documents())
    for_each_damage(document, [&](const json& damaged, const std::string& what) {
      if (!parser_accepts(damaged)) {
        ++refused;
        return;
      }
      ++accepted;
      EXPECT_THAT(schema().check(damaged), testing::IsEmpty()) << what << " in " << document.dump();
    });
  EXPECT_GT(accepted, 100u);
  EXPECT_GT(refused, 500u);
}

TEST(schema, refuses_what_is_wrong_in_form) {
  for (auto steps : {
           R"([])",
           R"([{"agent": "a"}])",
           R"([{"id": "x"}])",
           R"([{"id": "x", "agent": "a", "choose": []}])",
           R"([{"id": "9x", "agent": "a"}])",
           R"([{"id": "x", "agent": "a", "timeout": "5 minutes"}])",
           R"([{"id": "x", "agent": "a", "timeout": 0}])",
           R"([{"id": "x", "agent": "a", "output": 1}])",
           R"([{"id": "x", "agent": "a", "retry": 3}])",
           R"([{"id": "x", "agent": "a", "retry": {"non_retryable": ["bad"]}}])",
           R"([{"id": "x", "agent": "a", "priority": 101}])",
           R"([{"id": "x", "agent": "a", "when": true}])",
           R"([{"id": "x", "parallel": {}}])",
           R"([{"id": "x", "parallel": {"agents": ["a"], "each": [1], "agent": "a"}}])",
           R"([{"id": "x", "parallel": {"agents": ["a"], "key": "$.item"}}])",
           R"([{"id": "x", "parallel": {"each": [1]}}])",
           R"([{"id": "x", "parallel": {"each": "items", "agent": "a"}}])",
           R"([{"id": "x", "parallel": {"agents": ["a"], "aggregate": {"strategy": "vote"}}}])",
           R"([{"id": "x", "choose": [{"agent": "a"}]}])",
           R"([{"id": "x", "team": {}}])",
           R"([{"id": "x", "team": {"agents": []}}])",
           R"([{"id": "x", "team": {"agents": [{"agent": "a"}]}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a", "archetype": "wizard"}]}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a", "agent": "a", "step": {"agent": "b"}}]}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a"}], "turns": "chaos"}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a"}], "turns": {"selector": true}}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a"}], "max_iterations": 0}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a"}], "on_conflict": "fight"}}])",
           R"([{"id": "x", "team": {"agents": [{"role": "a"}], "review": {"back_to": "a"}}}])",
           R"([{"id": "x", "choose": [{"otherwise": {"agent": "a"}, "when": "x"}]}])",
       }) {
    auto document = workflow_of(json::parse(steps));
    EXPECT_FALSE(schema().check(document).empty()) << steps;
    EXPECT_FALSE(parser_accepts(document)) << steps;
  }
}

} // namespace
} // namespace troupe
