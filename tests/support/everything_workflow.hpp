#pragma once

namespace troupe::test {

/// A workflow with something of everything: dependencies, a fan-out with a shortfall retry, votes, retries, a
/// condition, a fallback, a group. Its input is {items: […]}.
inline constexpr const char* everything_workflow = R"(
workflow: everything
agents: {w: {kind: lua, script: "return 1"}}
steps:
  - {id: plan, agent: w, retry: {maximum_attempts: 3}}
  - id: fan
    parallel:
      each: "$.input.items"
      agent: w
      max_concurrent: 3
      aggregate: {strategy: merge_all, minimum_required: 2, deadline: 60s, on_shortfall: [retry, fallback], fallback: w}
    timeout: 300s
  - {id: check, agent: w, input: {fan: "$.steps.fan", plan: "$.steps.plan"}, fallback: w, retry: {maximum_attempts: 2}}
  - {id: maybe, agent: w, when: "steps.plan == 1", on_error: continue}
  - id: vote
    parallel:
      branches: [{id: a, agent: w}, {id: b, agent: w}, {id: c, agent: w}]
      aggregate: {strategy: consensus, wait: {quorum: 2}}
    on_error: continue
  - id: best
    parallel:
      branches: [{id: a, agent: w}, {id: b, agent: w}]
      aggregate: {strategy: best_result, score: "output"}
    on_error: continue
  - id: group
    needs: [maybe]
    retry: {maximum_attempts: 2}
    steps: [{id: x, agent: w}, {id: y, agent: w, needs: [x]}]
)";

} // namespace troupe::test
