// `team: {…}`, and the template of the source material that is a team alone. Members, and turns with their phases and
// reviews, have files of their own.
#include "runtime/language/workflow_compiler.hpp"

namespace troupe {

namespace {

using conflict = team_step::conflict;

} // namespace

team_step workflow_compiler::compile_team(const document_value& at, const object_reader& keys, const surroundings& in) {
  team_step out;
  if (!keys)
    return out;
  auto inside = in.with_team();
  if (auto goal = keys["goal"])
    out.goal = check_.text(*goal).value_or("");
  if (auto task = keys["task"])
    out.task = compile_mapping(*task, in);
  if (auto members = keys.need("agents"))
    compile_members(out, *members, inside);
  compile_turns(out, keys, inside);
  auto phases = keys["phases"];
  auto workflow = keys["workflow"];
  object_reader nested =
      workflow ? object_reader{check_, *workflow, keys_of("team_workflow"), "`workflow` of a team"} : keys;
  for (auto key : {"phases", "max_iterations"})
    if (workflow && keys[key] && nested[key])
      check_.fault(*nested[key], std::string{"`"} + key + "` stands in the team and in its `workflow`",
                   "remove one of the two");
  if (workflow && !phases)
    phases = nested["phases"];
  if (phases && out.order != team_step::turns::by_phase)
    check_.fault(*phases, "`phases` are for `turns: by_phase`", "remove one of the two");
  else if (phases)
    compile_phases(out, *phases);
  else if (out.order == team_step::turns::by_phase && !out.members.empty())
    // Without phases of its own, each member is one.
    for (uint32_t i = 0; i < out.members.size(); ++i)
      out.phases.push_back({out.members[i].role, {i}, ""});
  auto bound = keys["max_iterations"];
  if (!bound && workflow)
    bound = nested["max_iterations"];
  if (bound)
    out.max_iterations = static_cast<uint32_t>(check_.integer(*bound, 1, 100'000).value_or(1));
  if (auto x = keys["at_bound"])
    if (check_.one_of(*x, {"accept", "fail"}).value_or("") == "fail")
      out.at_bound = team_step::bound::fail;
  if (auto x = keys["until"])
    out.until = compile_condition(*x, inside);
  compile_review(out, keys);
  compile_conflicts(out, keys);
  if (auto x = keys["request_timeout"])
    out.request_timeout = check_.duration(*x).value_or(out.request_timeout);
  if (auto x = keys["ageing"])
    out.ageing = check_.duration(*x).value_or(out.ageing);
  if (auto x = keys["limits"])
    compile_team_limits(out, *x);
  compile_given(out, keys, in);
  if (auto x = keys["output"])
    out.output = compile_mapping(*x, inside);
  if (out.goal.empty() && !keys["goal"])
    check_.warn(at, "a team without `goal`", "say what it is to reach: its members are told");
  return out;
}

std::shared_ptr<const step> workflow_compiler::agent_only(const document_value& at) {
  auto out = std::make_shared<step>();
  out->where = at.node->where;
  agent_step agent;
  agent.agent = resolve_agent(at);
  out->id = agent.agent;
  out->body = std::move(agent);
  return out;
}

// -- conflicts and limits ---------------------------------------------------------------------------------------------

void workflow_compiler::compile_conflicts(team_step& out, const object_reader& keys) {
  if (auto x = keys["on_conflict"]) {
    static const std::map<std::string, conflict> words = {
        {"reject", conflict::reject}, {"last_writer", conflict::last_writer},
        {"merge", conflict::merge},   {"vote", conflict::vote},
        {"agent", conflict::agent},   {"human", conflict::human}};
    auto word = check_.one_of(*x, {"reject", "last_writer", "merge", "vote", "agent", "human"}).value_or("reject");
    out.on_conflict = words.at(word);
    if (out.on_conflict == conflict::agent && !keys["resolver"])
      check_.fault(*x, "`on_conflict: agent` without an agent", "name one with `resolver`");
  }
  if (auto x = keys["resolver"]) {
    out.resolver = agent_only(*x);
    if (out.on_conflict != conflict::agent)
      check_.fault(*x, "`resolver` is for `on_conflict: agent`", "remove one of the two");
  }
  if (auto x = keys["decision_timeout"]) {
    out.decision_timeout = check_.duration(*x).value_or(out.decision_timeout);
    if (out.on_conflict != conflict::human)
      check_.fault(*x, "`decision_timeout` is for `on_conflict: human`", "remove it");
  }
}

void workflow_compiler::compile_team_limits(team_step& out, const document_value& at) {
  object_reader keys{check_, at, keys_of("team_limits"), "`limits` of a team"};
  auto& limits = out.limits;
  auto read = [&](const char* key, int64_t high, auto& into) {
    if (auto x = keys[key])
      into = static_cast<std::decay_t<decltype(into)>>(check_.integer(*x, 1, high).value_or(1));
  };
  read("artifact_bytes", int64_t{64} << 20, limits.artifact_bytes);
  read("workspace_bytes", int64_t{256} << 20, limits.workspace_bytes);
  read("artifacts", 100'000, limits.artifacts);
  read("messages", 1'000'000, limits.messages);
  read("history", 10'000, limits.history);
  read("operations_per_turn", 100'000, limits.operations_per_turn);
  read("inline_bytes", int64_t{64} << 20, limits.inline_bytes);
  if (limits.artifact_bytes > limits.workspace_bytes)
    check_.fault(at,
                 "one artifact may have more bytes (" + std::to_string(limits.artifact_bytes)
                     + ") than all of them together (" + std::to_string(limits.workspace_bytes) + ")",
                 keys["workspace_bytes"] ? "raise `workspace_bytes` or lower `artifact_bytes`"
                                         : "set `workspace_bytes` too");
}

// -- the template -----------------------------------------------------------------------------------------------------

group_step workflow_compiler::compile_team_document(const document_value& at) {
  group_step out;
  object_reader keys{check_, at, keys_of("team_template"), "`team`"};
  if (!keys)
    return out;
  visible_steps none{nullptr, {}, edges_};
  surroundings in{&none};
  step team;
  team.where = at.node->where;
  if (auto id = keys.need("id"))
    team.id = check_.identifier(*id).value_or("");
  auto body = compile_team(at, keys, in);
  body.begins_from_input = true;
  team.body = std::move(body);
  if (auto output = mapping::compile("$.steps[\"" + team.id + "\"]"))
    out.output = std::move(*output);
  out.steps.push_back(std::move(team));
  return out;
}

} // namespace troupe
