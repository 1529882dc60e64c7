#include "runtime/language/load.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/run_player.hpp"
#include "tests/fuzz/target.hpp"

namespace troupe::fuzz {

namespace {

/// Something of everything.
const workflow_ptr& everything() {
  static const workflow_ptr definition = load_workflow({"history", R"(
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
)"})
                                             .value();
  return definition;
}

} // namespace

/// What happens to a run, decision by decision: answers, losses, timers, takeovers and events that a stranger wrote.
void run_history(std::string_view data) {
  decisions from{data};
  run_player run{everything(), R"({"items": [1, 2, 3, 4, 5]})"};
  for (int i = 0; i < 200 && !from.empty() && !run.machine().finished(); ++i)
    run.chance(from);
  run.check_replay();
  run.machine().snapshot();
}

} // namespace troupe::fuzz
