// The members of a team: their roles, who does their work, and whom they may address.
#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"
#include "runtime/team/archetypes.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr size_t most_members = 100;

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
    if (known == agents_.end())
      continue;
    auto& room = rooms_[agent];
    room = std::max(room, static_cast<uint32_t>(roles.size()));
    if (known->second.room_is_given && uint64_t{known->second.replicas} * known->second.concurrency < roles.size())
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
    out->body = compile_group(*several, keys["order"], keys["output"], in);
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
  for (auto name : {"order", "output"})
    if (auto x = keys[name]; x && !keys["steps"])
      check_.fault(*x, std::string{"`"} + name + "` is for `steps`, of which this member has none",
                   name == std::string_view{"order"} ? "remove it" : "remove it, or put the agent into `steps`");
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

std::vector<uint32_t> workflow_compiler::resolve_roles(const team_step& team, const document_value& at,
                                                       const std::string& when_empty) {
  std::vector<uint32_t> out;
  if (!check_.list(at, "roles"))
    return out;
  if (at.node->items.empty())
    check_.fault(at, when_empty, "name a role, or leave it out");
  for (size_t i = 0; i < at.node->items.size(); ++i)
    if (auto member = resolve_role(team, at.item(i)))
      out.push_back(*member);
  return out;
}

} // namespace troupe
