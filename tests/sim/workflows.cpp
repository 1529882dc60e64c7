#include "tests/sim/workflows.hpp"

#include "tests/sim/team_workflows.hpp"

#include "runtime/language/load.hpp"

#include <array>
#include <stdexcept>
#include <vector>

namespace troupe::sim {

namespace {

/// `a` does things that somebody notices; the others may run ahead of the journal.
constexpr const char* agents = R"(
agents:
  a: {kind: lua, script: "return 1", pure: false, timeout: 4s, retry: {maximum_attempts: 3, initial_interval: 100ms, maximum_interval: 1s}}
  b: {kind: lua, script: "return 2", timeout: 6s, concurrency: 2, replicas: 2}
  c: {kind: lua, script: "return 3", timeout: 3s, max_concurrent: 3, replicas: 3, breaker: {window: 4, failure_ratio: 0.5, open_for: 2s}}
)";

constexpr std::array documents = {
    R"(
workflow: sequence
order: sequential
steps:
  - {id: one, agent: a}
  - {id: two, agent: b, input: {x: "$.steps.one"}, fallback: a}
  - {id: three, agent: a, input: {x: "$.steps.two.n"}, on_error: continue}
)",
    R"(
workflow: fan
steps:
  - id: all
    parallel:
      each: "$.input.items"
      agent: b
      input: {item: "$.item"}
      aggregate: {strategy: merge_all, minimum_required: 2, on_shortfall: [retry, fallback], fallback: a}
  - {id: last, agent: a, input: {x: "$.steps.all"}, when: "steps.all ~= nil", on_error: {output: {why: "$.error.code"}}}
)",
    R"(
workflow: limits
steps:
  - id: some
    timeout: 20s
    retry: {maximum_attempts: 2, initial_interval: 200ms}
    parallel:
      each: "$.input.items"
      agent: c
      max_concurrent: 2
      input: {item: "$.item"}
      aggregate: {strategy: merge_all, wait: {quorum: 2}, deadline: 8s, minimum_required: 1, on_shortfall: [retry, fail]}
    on_error: continue
  - {id: after, agent: b, needs: [some], retry: {maximum_attempts: 2, initial_interval: 50ms}, on_error: continue}
)",
    R"(
workflow: nested
steps:
  - id: outer
    retry: {maximum_attempts: 2, initial_interval: 300ms, jitter: 0.5}
    steps:
      - {id: left, agent: a}
      - id: right
        steps:
          - {id: deep, agent: b, fallback: {agent: c}}
          - {id: deeper, agent: c, input: {x: "$.steps.deep"}, on_error: continue}
    fallback: {agent: a, input: {why: "$.error.message"}}
  - id: which
    choose:
      - {when: "steps.outer ~= nil", agent: b}
      - otherwise: {agent: c}
    on_error: continue
)",
    R"(
workflow: race
steps:
  - id: first
    parallel:
      agents: [a, b, c]
      aggregate: {strategy: merge_all, wait: first}
  - id: every
    parallel:
      each: "$.input.items"
      agent: a
      input: {item: "$.item"}
      fail_fast: true
      aggregate: {strategy: merge_all}
    timeout: 15s
    fallback: {agent: b, input: {got: "$.partial"}}
    on_error: {output: {code: "$.error.code"}}
)",
    R"(
workflow: best
steps:
  - id: pick
    parallel:
      agents: [a, b]
      aggregate: {strategy: best_result, score: "output.n"}
    on_error: continue
  - {id: side, agent: c, priority: 5, on_error: continue}
  - id: join
    steps:
      - {id: x, agent: a, input: {p: "$.steps.pick", s: "$.steps.side"}}
    timeout: 30s
)",
};

/// Canonical JSON.
std::string compiled(const std::string& text) {
  auto loaded = load_workflow({"simulated", text});
  if (!loaded)
    throw std::runtime_error(to_string(loaded.error().front()));
  return (*loaded)->document.dump();
}

struct library {
  std::vector<std::string> plain;
  std::vector<std::string> teams;
};

library compile_all() {
  library out;
  for (const auto* text : documents)
    out.plain.push_back(compiled(std::string{text} + agents));
  for (const auto& text : team_documents())
    out.teams.push_back(compiled(text));
  return out;
}

/// Teams take several times as long to simulate as the rest.
constexpr double share_of_teams = 0.25;

} // namespace

work choose_work(random_source& dice) {
  static const auto definitions = compile_all();
  work out;
  const auto& kind = dice.unit() < share_of_teams ? definitions.teams : definitions.plain;
  out.definition = kind[dice.below(kind.size())];
  json items = json::array();
  // Seldom more than all nodes together have room for.
  auto n = dice.below(16) == 0 ? 20 + dice.below(40) : 2 + dice.below(7);
  for (uint64_t i = 0; i < n; ++i)
    items.push_back("item " + std::to_string(i));
  out.input = json{{"items", std::move(items)}}.dump();
  return out;
}

} // namespace troupe::sim
