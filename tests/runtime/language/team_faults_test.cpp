// What is said of each key of a team that is wrong: where, what, and what to do.
#include "documents.hpp"

#include "runtime/language/keys.hpp"

#include <set>

namespace troupe {
namespace {

using testing::Contains;
using testing::StartsWith;

struct wrong_team {
  /// What of the language this is about: "team.goal".
  std::string about;
  /// Keys of a team, from line 10, indented by six.
  std::string body;
  /// The line that people see, or its beginning.
  std::string said;
};

const std::string one_member = "      agents: [{role: x, agent: a}]\n";
const std::string two_members = "      agents: [{role: writer, agent: a}, {role: editor, agent: b}]\n";

std::string member_with(const std::string& keys) {
  return "      agents: [{role: x, agent: a, " + keys + "}]\n";
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i)
    out += (i == 0 ? "" : ", ") + text;
  return out;
}

std::string around_team(const std::string& body) {
  return with_steps("  - id: t\n    team:\n" + body);
}

void PrintTo(const wrong_team& x, std::ostream* out) {
  *out << x.about << "\n" << x.body;
}

class wrong_teams : public testing::TestWithParam<wrong_team> {};

TEST_P(wrong_teams, are_told_where_and_what_to_do) {
  EXPECT_THAT(faults_of(around_team(GetParam().body)), Contains(StartsWith(GetParam().said)));
}

const std::vector<wrong_team>& wrong_rows() {
  static const std::vector<wrong_team> all = {
      // The team itself.
      {"team.goal", one_member + "      goal: [all]\n", "doc:11:13: steps[0].team.goal: expected text, found a list"},
      {"team.goal", one_member + "      goal: 5\n", "doc:11:13: steps[0].team.goal: expected text, found 5; quote it"},
      {"team.goal", one_member + "      gaol: g\n",
       "doc:11:7: steps[0].team.gaol: unknown key in `team`; expected one of goal, task, agents, turns, phases, "
       "max_iterations, at_bound, until, review, on_conflict, resolver, decision_timeout, request_timeout, ageing, "
       "limits, workspace, messages, output; did you mean \"goal\"?"},
      {"team.task", one_member + "      task: {topic: $.inputs.topic}\n",
       "doc:11:21: steps[0].team.task.topic: $ has no member \"inputs\" here; it has input, steps, results, run; did "
       "you mean \"input\"?"},
      {"team.task", one_member + "      task: $.steps.t.result\n",
       "doc:11:13: steps[0].team.task: the step \"t\" cannot wait for itself or for the step that contains it; refer "
       "to another step, or to $.input"},
      {"team.agents", "      goal: g\n", "doc:10:7: steps[0].team: the key \"agents\" is missing"},
      {"team.agents", "      agents: {x: a}\n",
       "doc:10:15: steps[0].team.agents: expected a list of members (objects with `role`), found an object"},
      {"team.agents", "      agents: []\n",
       "doc:10:15: steps[0].team.agents: a team without members; give it at least one"},
      {"team.agents", "      agents: [" + repeated("{role: x, agent: a}", 101) + "]\n",
       "doc:10:15: steps[0].team.agents: more than 100 members; split the team"},
      {"team.agents", "      agents: [x]\n",
       "doc:10:16: steps[0].team.agents[0]: expected a member of a team (an object with role, archetype, agent, "},
      {"team.turns", one_member + "      turns: chaos\n",
       "doc:11:14: steps[0].team.turns: expected one of by_phase, round_robin, handoff, free, found the text "
       "\"chaos\""},
      {"team.turns", one_member + "      turns: roundrobin\n",
       "doc:11:14: steps[0].team.turns: expected one of by_phase, round_robin, handoff, free, found the text "
       "\"roundrobin\"; did you mean \"round_robin\"?"},
      {"team.turns", one_member + "      turns: [free]\n",
       "doc:11:14: steps[0].team.turns: expected by_phase, round_robin, handoff, free, or {selector: …}, found a list"},
      {"team.turns", one_member + "      turns: selector\n",
       "doc:11:14: steps[0].team.turns: who selects?; say it: {selector: \"a Lua expression\"} or {selector: {agent: "
       "name}}"},
      {"team.phases", one_member + "      phases: x\n",
       "doc:11:15: steps[0].team.phases: expected a list of phases, found the text \"x\""},
      {"team.phases", one_member + "      phases: []\n",
       "doc:11:15: steps[0].team.phases: between 1 and 100 phases are possible; leave `phases` out: then each member "
       "is "
       "one"},
      {"team.phases", one_member + "      phases: [" + repeated("x", 101) + "]\n",
       "doc:11:15: steps[0].team.phases: between 1 and 100 phases are possible; let iterations repeat them"},
      {"team.phases", two_members + "      phases: [draft]\n",
       "doc:11:16: steps[0].team.phases[0]: who acts in the phase \"draft\"?; say it: {phase: draft, roles: [writer]} "
       "(only with as many phases as members, the first phase is the first member's, and so on)"},
      {"team.phases", one_member + "      turns: free\n      phases: [x]\n",
       "doc:12:15: steps[0].team.phases: `phases` are for `turns: by_phase`; remove one of the two"},
      {"team.max_iterations", one_member + "      max_iterations: 0\n",
       "doc:11:23: steps[0].team.max_iterations: expected a whole number from 1 to 100000, found 0"},
      {"team.max_iterations", one_member + "      max_iterations: many\n",
       "doc:11:23: steps[0].team.max_iterations: expected a whole number from 1 to 100000, found the text \"many\""},
      {"team.max_iterations", one_member + "      max_iterations: 100001\n",
       "doc:11:23: steps[0].team.max_iterations: expected a whole number from 1 to 100000, found 100001"},
      {"team.at_bound", one_member + "      at_bound: retry\n",
       "doc:11:17: steps[0].team.at_bound: expected one of accept, fail, found the text \"retry\""},
      {"team.until", one_member + "      until: \"workspace.turn ==\"\n",
       "doc:11:14: steps[0].team.until: expression:1: unexpected symbol near <eof>"},
      {"team.until", one_member + "      until: [x]\n",
       "doc:11:14: steps[0].team.until: expected a Lua expression as text, found a list"},
      {"team.review", one_member + "      review: x\n",
       "doc:11:15: steps[0].team.review: expected `review` (an object with by, back_to), found the text \"x\""},
      {"team.on_conflict", one_member + "      on_conflict: fight\n",
       "doc:11:20: steps[0].team.on_conflict: expected one of reject, last_writer, merge, vote, agent, human, found "
       "the "
       "text \"fight\""},
      {"team.on_conflict", one_member + "      on_conflict: agent\n",
       "doc:11:20: steps[0].team.on_conflict: `on_conflict: agent` without an agent; name one with `resolver`"},
      {"team.resolver", one_member + "      on_conflict: agent\n      resolver: judge\n",
       "doc:12:17: steps[0].team.resolver: there is no agent \"judge\"; define it under `agents:`, or give a document "
       "that does with --agents"},
      {"team.resolver", one_member + "      resolver: b\n",
       "doc:11:17: steps[0].team.resolver: `resolver` is for `on_conflict: agent`; remove one of the two"},
      {"team.decision_timeout", one_member + "      decision_timeout: 5m\n",
       "doc:11:25: steps[0].team.decision_timeout: `decision_timeout` is for `on_conflict: human`; remove it"},
      {"team.decision_timeout", one_member + "      on_conflict: human\n      decision_timeout: soon\n",
       "doc:12:25: steps[0].team.decision_timeout: expected a duration of at most 720h (\"500ms\", \"120s\", \"10m\", "
       "\"1h\", or a number of seconds), found the text \"soon\""},
      {"team.request_timeout", one_member + "      request_timeout: 0\n",
       "doc:11:24: steps[0].team.request_timeout: a duration of zero; leave the key out for no bound"},
      {"team.request_timeout", one_member + "      request_timeout: 1000h\n",
       "doc:11:24: steps[0].team.request_timeout: expected a duration of at most 720h"},
      {"team.ageing", one_member + "      ageing: {s: 1}\n",
       "doc:11:15: steps[0].team.ageing: expected a duration of at most 720h"},
      {"team.limits", one_member + "      limits: 5\n",
       "doc:11:15: steps[0].team.limits: expected `limits` of a team (an object with artifact_bytes, workspace_bytes, "
       "artifacts, messages, history, operations_per_turn, inline_bytes), found 5"},
      {"team.limits", one_member + "      limits: {artifact_bytes: 9000000}\n",
       "doc:11:15: steps[0].team.limits: one artifact may have more bytes (9000000) than all of them together "
       "(8388608); set `workspace_bytes` too"},
      {"team.limits", one_member + "      limits: {artifact_bytes: 9, workspace_bytes: 8}\n",
       "doc:11:15: steps[0].team.limits: one artifact may have more bytes (9) than all of them together (8); raise "
       "`workspace_bytes` or lower `artifact_bytes`"},
      {"team.workspace", one_member + "      workspace: {artefacts: {}}\n",
       "doc:11:19: steps[0].team.workspace.artefacts: unknown key in a workspace; expected one of id, created, task, "
       "artifacts, goal, task_id, decisions_made, open_questions, current_phase, iteration, communication_log; did you "
       "mean \"artifacts\"?"},
      {"team.workspace", one_member + "      workspace: {artifacts: [x]}\n",
       "doc:11:30: steps[0].team.workspace.artifacts: expected an object of values by name, found a list"},
      {"team.workspace", one_member + "      workspace: {open_questions: why}\n",
       "doc:11:35: steps[0].team.workspace.open_questions: expected a list of entries, found the text \"why\""},
      {"team.workspace", one_member + "      workspace: {iteration: 4}\n",
       "doc:11:30: steps[0].team.workspace.iteration: expected a whole number from 1 to 3, found 4"},
      {"team.workspace", two_members + "      workspace: {current_phase: writter}\n",
       "doc:11:34: steps[0].team.workspace.current_phase: expected one of writer, editor, found the text \"writter\"; "
       "did "
       "you mean \"writer\"?"},
      {"team.workspace", one_member + "      workspace: all\n",
       "doc:11:18: steps[0].team.workspace: expected a workspace (an "},
      {"team.messages", one_member + "      messages: hello\n",
       "doc:11:17: steps[0].team.messages: expected a message (an object with "},
      {"team.messages", two_members + "      messages: [{to: writter, content: hello}]\n",
       "doc:11:23: steps[0].team.messages[0].to: the team has no role \"writter\"; it has writer, editor; did you mean "
       "\"writer\"?"},
      {"team.messages", one_member + "      messages: {to: x, type: requst}\n",
       "doc:11:31: steps[0].team.messages.type: expected one of request, response, handoff, feedback, event, found the "
       "text \"requst\"; did you mean \"request\"?"},
      {"team.messages", one_member + "      messages: {to: x, form: y}\n",
       "doc:11:25: steps[0].team.messages.form: unknown key in a message; expected one of from, to, type, content, "
       "priority, requires_response, id, timestamp, artifacts, timeout_seconds; did you mean \"from\"?"},
      {"team.messages", one_member + "      messages: {content: 1}\n",
       "doc:11:17: steps[0].team.messages: the key \"to\" is missing"},
      {"team.messages", one_member + "      messages: {to: x, priority: urgent}\n",
       "doc:11:35: steps[0].team.messages.priority: expected one of low, normal, high, found the text \"urgent\""},
      {"team.messages", one_member + "      messages: {to: x, timeout_seconds: -1}\n",
       "doc:11:42: steps[0].team.messages.timeout_seconds: expected a number from 0 to 86400, found -1"},
      {"team.output", one_member + "      output: $.artifacts.x\n",
       "doc:11:15: steps[0].team.output: $ has no member \"artifacts\" here"},

      // A member.
      {"team_member.role", "      agents: [{agent: a}]\n",
       "doc:10:16: steps[0].team.agents[0]: the key \"role\" is missing"},
      {"team_member.role", "      agents: [{role: the boss, agent: a}]\n",
       "doc:10:23: steps[0].team.agents[0].role: \"the boss\" is not a name; use at most 64 of A-Z a-z 0-9 _ and -, "
       "not "
       "beginning with a digit or -"},
      {"team_member.role", "      agents: [{role: x, agent: a}, {role: x, agent: b}]\n",
       "doc:10:37: steps[0].team.agents[1]: a second member with the role \"x\"; give each member its own role"},
      {"team_member.role", "      agents: [{role: x}]\n",
       "doc:10:16: steps[0].team.agents[0]: no agent for the role \"x\"; name one with `agent`, define one of that "
       "name, "
       "or give a document with --agents whose `capabilities` match"},
      {"team_member.role", member_with("rôle: y"),
       "doc:10:36: steps[0].team.agents[0].rôle: unknown key in a member of a team"},
      {"team_member.archetype", member_with("archetype: criticc"),
       "doc:10:47: steps[0].team.agents[0].archetype: expected one of researcher, analyst, creator, critic, editor, "
       "coordinator, found the text \"criticc\"; did you mean \"critic\"?"},
      {"team_member.agent", "      agents: [{role: x, agent: nobody}]\n",
       "doc:10:33: steps[0].team.agents[0].agent: there is no agent \"nobody\"; define it under `agents:`, or give a "
       "document that does with --agents"},
      {"team_member.agent", "      agents: [{role: x, agent: a, step: {agent: b}}]\n",
       "doc:10:16: steps[0].team.agents[0]: a member can have one of agent, step, not several"},
      {"team_member.input", member_with("input: $.workspce.task"),
       "doc:10:43: steps[0].team.agents[0].input: $ has no member \"workspce\" here"},
      {"team_member.input", "      agents: [{role: x, step: {agent: a}, input: 1}]\n",
       "doc:10:51: steps[0].team.agents[0].input: `input` is for `agent`; put it on the steps inside"},
      {"team_member.attempt_timeout", "      agents: [{role: x, steps: [{id: y, agent: a}], attempt_timeout: 1s}]\n",
       "doc:10:71: steps[0].team.agents[0].attempt_timeout: `attempt_timeout` is for `agent`; put it on the steps "
       "inside"},
      {"team_member.output", "      agents: [{role: x, agent: a, output: $.input}]\n",
       "doc:10:44: steps[0].team.agents[0].output: `output` is for `steps`, of which this member has none; remove it, "
       "or put the agent into `steps`"},
      {"team_member.order", "      agents: [{role: x, agent: a, order: parallel}]\n",
       "doc:10:43: steps[0].team.agents[0].order: `order` is for `steps`, of which this member has none; remove it"},
      {"team_member.attempt_timeout", member_with("attempt_timeout: 0"),
       "doc:10:53: steps[0].team.agents[0].attempt_timeout: a duration of zero"},
      {"team_member.step", "      agents: [{role: x, step: {agnet: a}}]\n",
       "doc:10:33: steps[0].team.agents[0].step.agnet: unknown key in a step; expected one of id, when, needs, "
       "timeout, retry, fallback, on_error, priority, placement, agent, input, attempt_timeout, parallel, steps, "
       "order, output, choose, team; did you mean \"agent\"?"},
      {"team_member.steps", "      agents: [{role: x, steps: []}]\n",
       "doc:10:33: steps[0].team.agents[0].steps: a group without steps; give it at least one step"},
      {"team_member.steps", "      agents: [{role: x, steps: [{id: y, agent: a, input: $.steps.t}]}]\n",
       "doc:10:59: steps[0].team.agents[0].steps[0].input: the step \"t\" cannot wait for itself or for the step that "
       "contains it; refer to another step, or to $.input"},
      {"team_member.capabilities", member_with("capabilities: search"),
       "doc:10:50: steps[0].team.agents[0].capabilities: expected a list of texts, found the text \"search\""},
      {"team_member.capabilities", "      agents: [{role: x, capabilities: [fly]}]\n",
       "doc:10:16: steps[0].team.agents[0]: no agent has the capabilities of the role \"x\": fly; name one with "
       "`agent`"},
      {"team_member.tools", member_with("tools: [5]"),
       "doc:10:44: steps[0].team.agents[0].tools[0]: expected text, found 5; quote it"},
      {"team_member.interacts_with", "      agents: [{role: x, agent: a, interacts_with: y}, {role: y, agent: b}]\n",
       "doc:10:52: steps[0].team.agents[0].interacts_with: expected a list of texts, found the text \"y\""},
      {"team_member.interacts_with",
       "      agents: [{role: writer, agent: a, interacts_with: [editr]}, {role: editor, agent: b}]\n",
       "doc:10:58: steps[0].team.agents[0].interacts_with[0]: the team has no role \"editr\"; it has writer, editor; "
       "did "
       "you mean \"editor\"?"},
      {"team_member.interacts_with", member_with("interacts_with: [x]"),
       "doc:10:53: steps[0].team.agents[0].interacts_with[0]: a member that interacts with itself; remove it"},
      {"team_member.expertise", member_with("expertise: 1"),
       "doc:10:47: steps[0].team.agents[0].expertise: expected text, found 1; quote it"},
      {"team_member.responsibilities", member_with("responsibilities: all"),
       "doc:10:54: steps[0].team.agents[0].responsibilities: expected a list of texts, found the text \"all\""},
      {"team_member.ask_when", member_with("ask_when: true"),
       "doc:10:46: steps[0].team.agents[0].ask_when: expected text, found true; quote it"},
      {"team_member.writes", member_with("writes: true"),
       "doc:10:44: steps[0].team.agents[0].writes: expected the name of an artifact, or false, found true"},
      {"team_member.writes", member_with("writes: my draft"),
       "doc:10:44: steps[0].team.agents[0].writes: \"my draft\" is not a name"},
      {"team_member.timeout", member_with("timeout: never"),
       "doc:10:45: steps[0].team.agents[0].timeout: expected a duration of at most 720h"},
      {"team_member.retry", member_with("retry: 3"),
       "doc:10:43: steps[0].team.agents[0].retry: expected `retry` (an object with "},
      {"team_member.fallback", member_with("fallback: [b]"),
       "doc:10:46: steps[0].team.agents[0].fallback: expected the name of an agent or a step, found a list"},
      {"team_member.on_error", member_with("on_error: ignore"),
       "doc:10:46: steps[0].team.agents[0].on_error: expected one of fail, continue, found the text \"ignore\""},
      {"team_member.priority", member_with("priority: 101"),
       "doc:10:46: steps[0].team.agents[0].priority: expected a whole number from -100 to 100, found 101"},
      {"team_member.placement", member_with("placement: gpu"),
       "doc:10:47: steps[0].team.agents[0].placement: expected an object of texts, found the text \"gpu\""},

      // Phases, selectors, reviews.
      {"phase.phase", one_member + "      phases: [{roles: [x]}]\n",
       "doc:11:16: steps[0].team.phases[0]: the key \"phase\" is missing"},
      {"phase.phase", one_member + "      phases: [x, x]\n",
       "doc:11:19: steps[0].team.phases[1]: a second phase with the name \"x\"; give each phase its own name"},
      {"phase.roles", two_members + "      phases: [{phase: p, roles: [write]}]\n",
       "doc:11:35: steps[0].team.phases[0].roles[0]: the team has no role \"write\"; it has writer, editor; did you "
       "mean "
       "\"writer\"?"},
      {"phase.roles", one_member + "      phases: [{phase: x, roles: []}]\n",
       "doc:11:34: steps[0].team.phases[0].roles: a phase in which nobody acts; name a role, or leave it out"},
      {"phase.roles", one_member + "      phases: [{phase: p, roles: x}]\n",
       "doc:11:34: steps[0].team.phases[0].roles: expected a list of roles, found the text \"x\""},
      {"phase.roles", one_member + "      phases: [{phase: p, role: [x]}]\n",
       "doc:11:27: steps[0].team.phases[0].role: unknown key in a phase; expected one of phase, roles, writes; did you "
       "mean \"roles\"?"},
      {"phase.writes", one_member + "      phases: [{phase: x, writes: false}]\n",
       "doc:11:35: steps[0].team.phases[0].writes: expected the name of an artifact, found false; who writes nothing "
       "says "
       "so itself: `writes: false` on the member"},
      {"selector.selector", one_member + "      turns: {selctor: \"'x'\"}\n",
       "doc:11:15: steps[0].team.turns.selctor: unknown key in `turns`; expected one of selector; did you mean "
       "\"selector\"?"},
      {"selector.selector", one_member + "      turns: {selector: \"if\"}\n",
       "doc:11:25: steps[0].team.turns.selector: expression:1: unexpected symbol near 'if'"},
      {"selector.selector", one_member + "      turns: {selector: 5}\n",
       "doc:11:25: steps[0].team.turns.selector: expected a Lua expression as text, found 5; quote it"},
      {"selector_agent.agent", one_member + "      turns: {selector: {agent: nobody}}\n",
       "doc:11:33: steps[0].team.turns.selector.agent: there is no agent \"nobody\"; define it under `agents:`, or "
       "give a document that does with --agents"},
      {"selector_agent.agent", one_member + "      turns: {selector: {}}\n",
       "doc:11:25: steps[0].team.turns.selector: the key \"agent\" is missing"},
      {"review.by", one_member + "      review: {}\n", "doc:11:15: steps[0].team.review: the key \"by\" is missing"},
      {"review.by", one_member + "      review: {by: []}\n",
       "doc:11:20: steps[0].team.review.by: a review by nobody; name a role, or leave it out"},
      {"review.by", one_member + "      review: {by: x}\n",
       "doc:11:20: steps[0].team.review.by: expected a list of roles, found the text \"x\""},
      {"review.by", two_members + "      review: {by: [editors]}\n",
       "doc:11:21: steps[0].team.review.by[0]: the team has no role \"editors\"; it has writer, editor; did you mean "
       "\"editor\"?"},
      {"review.by", two_members + "      phases: [writer]\n      review: {by: [editor]}\n",
       "doc:12:20: steps[0].team.review.by: the reviewer \"editor\" acts in no phase, so it can never review; name it "
       "in "
       "the `roles` of one"},
      {"review.back_to", two_members + "      review: {by: [editor], back_to: writr}\n",
       "doc:11:39: steps[0].team.review.back_to: there is no phase \"writr\"; there are writer, editor; did you mean "
       "\"writer\"?"},
      {"review.back_to", one_member + "      turns: free\n      review: {by: [x], back_to: x}\n",
       "doc:12:34: steps[0].team.review.back_to: `back_to` is for `turns: by_phase`; remove it"},

      // Limits.
      {"team_limits.artifact_bytes", one_member + "      limits: {artifact_bytes: 1MB}\n",
       "doc:11:32: steps[0].team.limits.artifact_bytes: expected a whole number from 1 to 67108864, found the text "
       "\"1MB\""},
      {"team_limits.workspace_bytes", one_member + "      limits: {workspace_bytes: 300000000}\n",
       "doc:11:33: steps[0].team.limits.workspace_bytes: expected a whole number from 1 to 268435456, found 300000000"},
      {"team_limits.artifacts", one_member + "      limits: {artifacts: 0}\n",
       "doc:11:27: steps[0].team.limits.artifacts: expected a whole number from 1 to 100000, found 0"},
      {"team_limits.messages", one_member + "      limits: {messages: 1.5}\n",
       "doc:11:26: steps[0].team.limits.messages: expected a whole number from 1 to 1000000, found 1.5"},
      {"team_limits.history", one_member + "      limits: {history: -1}\n",
       "doc:11:25: steps[0].team.limits.history: expected a whole number from 1 to 10000, found -1"},
      {"team_limits.operations_per_turn", one_member + "      limits: {operation_per_turn: 5}\n",
       "doc:11:16: steps[0].team.limits.operation_per_turn: unknown key in `limits` of a team; expected one of "
       "artifact_bytes, workspace_bytes, artifacts, messages, history, operations_per_turn, inline_bytes; did you mean "
       "\"operations_per_turn\"?"},
      {"team_limits.inline_bytes", one_member + "      limits: {inline_bytes: null}\n",
       "doc:11:30: steps[0].team.limits.inline_bytes: expected a whole number from 1 to 67108864, found nothing "
       "(null)"},
  };
  return all;
}

INSTANTIATE_TEST_SUITE_P(keys, wrong_teams, testing::ValuesIn(wrong_rows()));

/// The template: a document that is a team, in JSON.
struct wrong_template {
  const char* about;
  const char* team;
  const char* said;
};

const std::vector<wrong_template> wrong_template_rows = {
    {"team_template.id", R"({"team": {"agents": [{"role": "a"}]}, )", "doc:1:10: team: the key \"id\" is missing"},
    {"team_template.id", R"({"team": {"id": "my team", "agents": [{"role": "a"}]}, )",
     "doc:1:17: team.id: \"my team\" is not a name"},
    {"team_template.workflow", R"({"team": {"id": "t", "agents": [{"role": "a"}], "workflow": []}, )",
     "doc:1:61: team.workflow: expected `workflow` of a team (an object with phases, max_iterations), found a list"},
    {"team_workflow.phases", R"({"team": {"id": "t", "agents": [{"role": "a"}], "workflow": {"phase": ["a"]}}, )",
     "doc:1:62: team.workflow.phase: unknown key in `workflow` of a team; expected one of phases, max_iterations; did "
     "you mean \"phases\"?"},
    {"team_workflow.phases",
     R"({"team": {"id": "t", "agents": [{"role": "a"}], "phases": ["a"], "workflow": {"phases": ["a"]}}, )",
     "doc:1:89: team.workflow.phases: `phases` stands in the team and in its `workflow`; remove one of the two"},
    {"team_workflow.max_iterations",
     R"({"team": {"id": "t", "agents": [{"role": "a"}], "workflow": {"max_iterations": "3"}}, )",
     "doc:1:80: team.workflow.max_iterations: expected a whole number from 1 to 100000, found the text \"3\""},
};

TEST(wrong_templates, are_told_where_and_what_to_do) {
  for (const auto& x : wrong_template_rows)
    EXPECT_THAT(faults_of(x.team + std::string{R"("agents": {"a": {"kind": "function"}}})"}),
                Contains(StartsWith(x.said)));
}

TEST(wrong_teams, have_a_row_for_every_key) {
  std::set<std::string> covered;
  for (const auto& x : wrong_rows())
    covered.insert(x.about);
  for (const auto& x : wrong_template_rows)
    covered.insert(x.about);
  const auto& team = keys_of("team");
  for (auto construct : {"team", "team_member", "phase", "selector", "selector_agent", "review", "team_limits",
                         "team_template", "team_workflow"})
    for (const auto& key : keys_of(construct)) {
      auto of_team = std::find(team.begin(), team.end(), key) != team.end();
      auto about = (construct == std::string{"team_template"} && of_team ? "team" : construct) + ("." + key);
      EXPECT_TRUE(covered.contains(about)) << about;
    }
}

TEST(wrong_teams, that_wait_for_themselves_are_circles) {
  EXPECT_THAT(faults_of(with_steps("  - {id: first, agent: a, input: $.steps.t}\n  - id: t\n    team:\n      goal: g\n"
                                   "      agents: [{role: x, agent: b, input: $.steps.first}]\n")),
              Contains(testing::HasSubstr("first")));
}

} // namespace
} // namespace troupe
