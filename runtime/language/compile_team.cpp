// `team: {…}`, and the template of the source material that is a team alone.
#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"
#include "runtime/team/archetypes.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t most_members = 100;
constexpr size_t most_phases = 100;

using conflict = team_step::conflict;

std::vector<std::string> roles_of(const team_step& team) {
  std::vector<std::string> out;
  for (auto& member : team.members)
    out.push_back(member.role);
  return out;
}

std::vector<std::string> archetype_names() {
  std::vector<std::string> out;
  for (auto& x : archetypes())
    out.push_back(x.name);
  return out;
}

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
  if (auto x = keys["workspace"])
    out.workspace = compile_mapping(*x, in);
  if (auto x = keys["messages"])
    out.messages = compile_mapping(*x, in);
  if (auto x = keys["output"])
    out.output = compile_mapping(*x, inside);
  if (out.goal.empty() && !keys["goal"])
    check_.warn(at, "a team without `goal`", "say what it is to reach: its members are told");
  return out;
}

// -- members ----------------------------------------------------------------------------------------------------------

void workflow_compiler::compile_members(team_step& out, const document_value& at, const surroundings& in) {
  if (!check_.list(at, "members (objects with `role`)"))
    return;
  if (at.node->items.empty())
    check_.fault(at, "a team without members", "give it at least one");
  if (at.node->items.size() > most_members) {
    check_.fault(at, "more than " + std::to_string(most_members) + " members", "split the team");
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < at.node->items.size(); ++i) {
    out.members.push_back(compile_member(at.item(i), in));
    if (auto& own = out.members.back().role; !own.empty() && !seen.insert(own).second)
      check_.fault(at.item(i), "a second member with the role \"" + own + "\"", "give each member its own role");
  }
  // Who waits for a teammate keeps its instance: where both are the same one, it waits for itself.
  std::map<std::string, std::vector<std::string>> users;
  for (auto& member : out.members)
    if (auto* agent = member.work ? std::get_if<agent_step>(&member.work->body) : nullptr;
        agent && !agent->agent.empty())
      users[agent->agent].push_back(member.role);
  for (auto& [agent, roles] : users) {
    auto known = agents_.find(agent);
    if (known != agents_.end() && uint64_t{known->second.replicas} * known->second.concurrency < roles.size())
      check_.warn(at,
                  "the roles " + enumerate(roles) + " share the agent \"" + agent + "\", which has room for "
                      + std::to_string(known->second.replicas * known->second.concurrency) + " of them on a node",
                  "give it `replicas: " + std::to_string(roles.size())
                      + "`, or a question between them may find no room");
  }
  // Names of teammates are looked up when all are known.
  for (size_t i = 0; i < at.node->items.size(); ++i) {
    auto item = at.item(i);
    auto* list = item.node->find("interacts_with");
    if (list == nullptr || !item.member(*list).is_list())
      continue;
    auto names = item.member(*list);
    for (size_t k = 0; k < names.node->items.size(); ++k) {
      auto name = names.item(k);
      if (!name.is_text())
        continue;
      if (seen.count(name.text()) == 0)
        check_.fault(name, "the team has no role \"" + excerpt(name.text()) + "\"; it has " + enumerate(roles_of(out)),
                     did_you_mean(name.text(), roles_of(out)));
      else if (name.text() == out.members[i].role)
        check_.fault(name, "a member that interacts with itself", "remove it");
    }
  }
}

team_member workflow_compiler::compile_member(const document_value& at, const surroundings& in) {
  team_member out;
  object_reader keys{check_, at, keys_of("team_member"), "a member of a team"};
  if (!keys)
    return out;
  if (auto x = keys.need("role"))
    out.role = check_.identifier(*x).value_or("");
  const archetype* kind = find_archetype(out.role);
  if (auto x = keys["archetype"]) {
    kind = find_archetype(check_.one_of(*x, archetype_names()).value_or(""));
  }
  if (kind != nullptr) {
    out.archetype = kind->name;
    out.expertise = kind->expertise;
    out.responsibilities = kind->responsibilities;
    out.ask_when = kind->ask_when;
  }
  if (auto x = keys["expertise"])
    out.expertise = check_.text(*x).value_or("");
  if (auto x = keys["responsibilities"])
    out.responsibilities = check_.texts(*x);
  if (auto x = keys["ask_when"])
    out.ask_when = check_.text(*x).value_or("");
  if (auto x = keys["capabilities"])
    out.capabilities = check_.texts(*x);
  if (auto x = keys["tools"])
    out.tools = check_.texts(*x);
  if (auto x = keys["interacts_with"]) {
    auto names = check_.texts(*x);
    out.interacts_with.emplace(names.begin(), names.end());
  }
  if (auto x = keys["writes"]) {
    auto nothing = x->node->is == document_node::shape::scalar && x->node->scalar.is_boolean();
    if (nothing && !x->node->scalar.get<bool>())
      out.writes_nothing = true;
    else if (nothing)
      check_.mismatch(*x, "the name of an artifact, or false");
    else
      out.writes = check_.identifier(*x).value_or("");
  }
  out.work = compile_member_work(out, keys, in);
  return out;
}

std::shared_ptr<const step> workflow_compiler::compile_member_work(team_member& member, const object_reader& keys,
                                                                   const surroundings& in) {
  auto out = std::make_shared<step>();
  out->where = keys.at().node->where;
  out->id = member.role;
  std::vector<std::string> works;
  for (auto name : {"agent", "step", "steps"})
    if (keys[name])
      works.emplace_back(name);
  if (works.size() > 1)
    check_.fault(keys.at(), "a member can have one of " + enumerate(works) + ", not several");
  if (auto one = keys["step"]) {
    *out = compile_step(*one, in, role::body);
    out->id = member.role;
  } else if (auto several = keys["steps"]) {
    out->body = compile_group(*several, std::nullopt, std::nullopt, in);
  } else {
    auto agent = compile_agent_step(keys, in);
    if (!keys["agent"]) {
      // The one that can all that the role needs; else the one of the role's name.
      auto offers = [&](const agent_definition& x) {
        return std::all_of(member.capabilities.begin(), member.capabilities.end(), [&](const std::string& wanted) {
          return std::find(x.capabilities.begin(), x.capabilities.end(), wanted) != x.capabilities.end();
        });
      };
      auto i = std::find_if(agents_.begin(), agents_.end(),
                            [&](auto& entry) { return !member.capabilities.empty() && offers(entry.second); });
      if (i == agents_.end())
        i = agents_.find(member.role);
      if (i != agents_.end()) {
        agent.agent = i->first;
        used_agents_.insert(i->first);
      } else if (!member.role.empty()) {
        check_.fault(keys.at(),
                     member.capabilities.empty() ? "no agent for the role \"" + member.role + "\""
                                                 : "no agent has the capabilities of the role \"" + member.role
                                                       + "\": " + enumerate(member.capabilities),
                     "name one with `agent`, define one of that name, or give a document with --agents whose "
                     "`capabilities` match");
      }
    }
    out->body = std::move(agent);
  }
  for (auto name : {"input", "attempt_timeout"})
    if (auto x = keys[name]; x && (keys["step"] || keys["steps"]))
      check_.fault(*x, std::string{"`"} + name + "` is for `agent`", "put it on the steps inside");
  compile_common(*out, keys, in, role::body);
  return out;
}

std::optional<uint32_t> workflow_compiler::resolve_role(const team_step& team, const document_value& at) {
  auto name = check_.identifier(at);
  if (!name)
    return std::nullopt;
  for (uint32_t i = 0; i < team.members.size(); ++i)
    if (team.members[i].role == *name)
      return i;
  check_.fault(at, "the team has no role \"" + *name + "\"; it has " + enumerate(roles_of(team)),
               did_you_mean(*name, roles_of(team)));
  return std::nullopt;
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

// -- turns ------------------------------------------------------------------------------------------------------------

void workflow_compiler::compile_turns(team_step& out, const object_reader& keys, const surroundings& in) {
  using turns = team_step::turns;
  auto at = keys["turns"];
  if (!at)
    return;
  if (at->is_object()) {
    object_reader selector{check_, *at, keys_of("selector"), "`turns`"};
    out.order = turns::selector;
    auto how = selector.need("selector");
    if (!how)
      return;
    if (how->is_object()) {
      object_reader agent{check_, *how, keys_of("selector_agent"), "`selector`"};
      if (auto name = agent.need("agent"))
        out.selector_agent = agent_only(*name);
    } else {
      out.selector = compile_condition(*how, in);
    }
    return;
  }
  auto word = check_.one_of(*at, {"by_phase", "round_robin", "handoff", "free"}).value_or("by_phase");
  out.order = word == "round_robin" ? turns::round_robin
              : word == "handoff"   ? turns::handoff
              : word == "free"      ? turns::free
                                    : turns::by_phase;
}

void workflow_compiler::compile_phases(team_step& out, const document_value& phases) {
  if (!check_.list(phases, "phases"))
    return;
  auto count = phases.node->items.size();
  if (count == 0 || count > most_phases) {
    check_.fault(phases, "between 1 and " + std::to_string(most_phases) + " phases are possible");
    return;
  }
  std::set<std::string> seen;
  for (size_t i = 0; i < count; ++i) {
    auto item = phases.item(i);
    team_phase phase;
    auto named = std::optional<document_value>{item};
    if (item.is_object()) {
      object_reader keys{check_, item, keys_of("phase"), "a phase"};
      named = keys.need("phase");
      if (auto roles = keys["roles"]; roles && check_.list(*roles, "roles"))
        for (size_t k = 0; k < roles->node->items.size(); ++k)
          if (auto member = resolve_role(out, roles->item(k)))
            phase.members.push_back(*member);
      if (auto writes = keys["writes"])
        phase.writes = check_.identifier(*writes).value_or("");
    }
    if (named)
      phase.name = check_.identifier(*named).value_or("");
    if (!phase.name.empty() && !seen.insert(phase.name).second)
      check_.fault(item, "a second phase with the name \"" + phase.name + "\"", "give each phase its own name");
    if (phase.members.empty()) {
      // As many phases as members: the first is the first one's, and so on. Else by name.
      auto own = std::find_if(out.members.begin(), out.members.end(),
                              [&](const team_member& x) { return x.role == phase.name; });
      if (own != out.members.end())
        phase.members.push_back(static_cast<uint32_t>(own - out.members.begin()));
      else if (count == out.members.size())
        phase.members.push_back(static_cast<uint32_t>(i));
      else if (!out.members.empty())
        check_.fault(
            item, "who acts in the phase \"" + phase.name + "\"?",
            "say it: {phase: " + phase.name + ", roles: [" + out.members.front().role
                + "]} (only with as many phases as members, the first phase is the first member's, and so on)");
    }
    out.phases.push_back(std::move(phase));
  }
}

void workflow_compiler::compile_review(team_step& out, const object_reader& keys) {
  auto review = keys["review"];
  if (review) {
    object_reader inner{check_, *review, keys_of("review"), "`review`"};
    out.has_review = true;
    if (auto by = inner.need("by"); by && check_.list(*by, "roles"))
      for (size_t i = 0; i < by->node->items.size(); ++i)
        if (auto member = resolve_role(out, by->item(i)))
          out.reviewers.push_back(*member);
    if (auto back = inner["back_to"]) {
      auto name = check_.identifier(*back);
      auto i = std::find_if(out.phases.begin(), out.phases.end(), [&](const team_phase& x) { return x.name == name; });
      if (out.order != team_step::turns::by_phase)
        check_.fault(*back, "`back_to` is for `turns: by_phase`", "remove it");
      else if (name && i == out.phases.end()) {
        std::vector<std::string> names;
        for (auto& phase : out.phases)
          names.push_back(phase.name);
        check_.fault(*back, "there is no phase \"" + *name + "\"; there are " + enumerate(names),
                     did_you_mean(*name, names));
      } else if (name) {
        out.back_to = static_cast<uint32_t>(i - out.phases.begin());
      }
    }
    return;
  }
  for (uint32_t i = 0; i < out.members.size(); ++i) {
    auto* kind = find_archetype(out.members[i].archetype);
    if (kind != nullptr && kind->reviews)
      out.reviewers.push_back(i);
  }
  out.has_review = !out.reviewers.empty();
  if (out.has_review || out.members.empty())
    return;
  if (out.order == team_step::turns::by_phase && !out.phases.empty())
    out.reviewers = out.phases.back().members;
  else
    for (uint32_t i = 0; i < out.members.size(); ++i)
      out.reviewers.push_back(i);
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
