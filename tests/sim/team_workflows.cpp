#include "tests/sim/team_workflows.hpp"

#include <array>

namespace troupe::sim {

namespace {

/// Members keep their instance while they wait for a teammate, so there are enough of each.
constexpr const char* members = R"(
agents:
  m: {kind: lua, script: "return 1", timeout: 20s, replicas: 8, retry: {maximum_attempts: 3, initial_interval: 100ms, maximum_interval: 1s}}
  n: {kind: lua, script: "return 2", pure: false, timeout: 15s, replicas: 4, concurrency: 2, retry: {maximum_attempts: 4, initial_interval: 50ms, maximum_interval: 1s}}
  chooser: {kind: lua, script: "return 3", timeout: 4s, replicas: 2, retry: {maximum_attempts: 4, initial_interval: 50ms, maximum_interval: 1s}}
  resolver: {kind: lua, script: "return 4", pure: false, timeout: 4s, replicas: 2, retry: {maximum_attempts: 2, initial_interval: 50ms}}
)";

struct named {
  const char* name;
  const char* keys;
};

/// `b` may not address the judge, nobody but `a` and the judge may address everybody.
constexpr const char* three = "{role: a, agent: m, writes: shared}, "
                              "{role: b, agent: m, writes: notes, interacts_with: [a, c]}, "
                              "{role: c, agent: n, writes: shared, interacts_with: [a, b]}";
constexpr const char* with_judge = "{role: judge, archetype: critic, agent: n, writes: false}";

constexpr std::array orders = {
    named{"by_phase", "phases: [{phase: collect, roles: [a]}, {phase: write, roles: [b, c], writes: shared}, "
                      "{phase: check, roles: [judge]}], review: {by: [judge], back_to: write}, max_iterations: 2"},
    named{"round_robin", "turns: round_robin, max_iterations: 2"},
    named{"selector", "turns: {selector: \"workspace.turn < 5 and ({'a', 'b', 'c'})[workspace.turn % 3 + 1] or nil\"}, "
                      "max_iterations: 2"},
    named{"selector_agent", "turns: {selector: {agent: chooser}}, max_iterations: 2"},
    named{"handoff", "turns: handoff, max_iterations: 2"},
    named{"free", "turns: free, max_iterations: 2"},
};

constexpr std::array conflicts = {
    named{"reject", "on_conflict: reject"},
    named{"last_writer", "on_conflict: last_writer"},
    named{"merge", "on_conflict: merge"},
    named{"vote", "on_conflict: vote"},
    named{"agent", "on_conflict: agent, resolver: resolver"},
    named{"human", "on_conflict: human, decision_timeout: 3s"},
};

/// A `team: {…}` of three members, and a judge where there is a review.
std::string team(const std::string& goal, const named& turns_as, const named& settled_as,
                 const std::string& more = {}) {
  auto judged = std::string_view{turns_as.name} == "by_phase";
  return "{goal: " + goal + ", agents: [" + three + (judged ? std::string{", "} + with_judge : "") + "], "
         + turns_as.keys + ", " + settled_as.keys + ", request_timeout: 3s, ageing: 1s" + more + "}";
}

const named& turns(std::string_view name) {
  for (const auto& x : orders)
    if (x.name == name)
      return x;
  return orders.front();
}

const named& settled(std::string_view name) {
  for (const auto& x : conflicts)
    if (x.name == name)
      return x;
  return conflicts.front();
}

std::string document(const std::string& name, const std::string& steps, const std::string& output) {
  return "workflow: " + name + members + "steps:\n" + steps + "output: " + output + "\n";
}

/// Teams in other steps, other steps as members, and keys that the others leave out.
std::vector<std::string> nested() {
  const std::string whole = ", output: $.workspace";
  std::vector<std::string> out;
  out.push_back(document("teams-in-parallel",
                         "  - id: all\n"
                         "    parallel:\n"
                         "      branches:\n"
                         "        x: {team: "
                             + team("left", turns("free"), settled("merge"), whole)
                             + "}\n"
                               "        y: {team: "
                             + team("right", turns("round_robin"), settled("reject"), whole)
                             + "}\n"
                               "      aggregate: {strategy: merge_all, minimum_required: 1}\n",
                         "$.steps.all"));
  out.push_back(
      document("parallel-in-team",
               "  - id: t\n"
               "    team: {goal: several, agents: [{role: a, agent: m, writes: shared}, {role: b, writes: both, step: "
               "{parallel: {agents: [m, n], aggregate: {strategy: merge_all, minimum_required: 1}}}}], "
               "turns: free, max_iterations: 2, on_conflict: merge, request_timeout: 3s}\n",
               "$.steps.t"));
  out.push_back(document("team-in-team",
                         "  - id: t\n"
                         "    team: {goal: outer, agents: [{role: a, agent: m, writes: shared}, "
                         "{role: b, writes: inner, step: {team: {goal: inner, agents: [{role: a, agent: m}, {role: c, "
                         "agent: n}], turns: round_robin, max_iterations: 1, request_timeout: 2s, output: "
                         "$.workspace}}}], turns: round_robin, max_iterations: 2, request_timeout: 4s}\n",
                         "$.steps.t"));
  out.push_back(document("team-with-policies",
                         "  - {id: first, agent: n}\n"
                         "  - id: t\n"
                         "    team: "
                             + team("strict", turns("by_phase"), settled("reject"),
                                    ", at_bound: fail, task: {given: \"$.steps.first\"}, until: "
                                    "\"workspace.iteration >= 1\", limits: {messages: 12, history: 2, "
                                    "operations_per_turn: 4}"
                                        + whole)
                             + "\n"
                               "    timeout: 40s\n"
                               "    retry: {maximum_attempts: 2, initial_interval: 200ms}\n"
                               "    fallback: {agent: n, input: {why: \"$.error.message\"}}\n"
                               "    on_error: continue\n"
                               "  - {id: last, agent: n, input: {x: \"$.steps.t\"}, on_error: continue}\n",
                         "$.steps.t"));
  out.push_back(document(
      "team-with-a-beginning",
      "  - id: t\n"
      "    team: {goal: begun, agents: [{role: a, agent: m, writes: shared, fallback: n}, {role: b, agent: n, "
      "writes: notes, attempt_timeout: 8s, on_error: continue}, {role: judge, archetype: critic, agent: m, writes: "
      "false}], turns: round_robin, max_iterations: 2, request_timeout: 3s, on_conflict: merge, workspace: {artifacts: "
      "{shared: {seed: given}, notes: null}}, messages: [{from: a, to: b, type: request, content: {token: given-1}}, "
      "{from: client, to: a, type: event, content: {token: given-2}}]}\n",
      "$.steps.t"));
  out.push_back(document("team-chosen",
                         "  - id: which\n"
                         "    choose:\n"
                         "      - {when: \"#input.items % 2 == 0\", team: "
                             + team("even", turns("handoff"), settled("vote"), whole)
                             + "}\n"
                               "      - otherwise: {team: "
                             + team("odd", turns("selector_agent"), settled("last_writer"), whole)
                             + "}\n"
                               "    on_error: continue\n",
                         "$.steps.which"));
  return out;
}

} // namespace

std::vector<std::string> team_documents() {
  std::vector<std::string> out;
  for (const auto& x : orders)
    for (const auto& y : conflicts)
      out.push_back(document(std::string{x.name} + "-" + y.name, "  - id: t\n    team: " + team("work", x, y) + "\n",
                             "$.steps.t"));
  // Each of these as often as an order of turns.
  for (auto& x : nested())
    for (size_t i = 0; i < conflicts.size() / 2; ++i)
      out.push_back(x);
  return out;
}

} // namespace troupe::sim
