#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"

#include <algorithm>

namespace troupe {

parallel_step workflow_compiler::compile_parallel(const document_value& at, const surroundings& in) {
  parallel_step out;
  object_reader keys{check_, at, keys_of("parallel"), "`parallel`"};
  if (!keys) {
    out.aggregate = std::make_shared<const aggregation_spec>();
    return out;
  }
  std::vector<std::string> sources;
  for (auto name : {"agents", "branches", "each"})
    if (keys[name])
      sources.emplace_back(name);
  if (sources.size() != 1)
    check_.fault(at, sources.empty() ? "`parallel` needs one of agents, branches, each"
                                     : "`parallel` can have one of " + enumerate(sources) + ", not several");
  auto dynamic = keys["each"].has_value();
  for (auto name : {"agent", "input", "step", "steps", "key"})
    if (auto unused = keys[name]; unused && !dynamic)
      check_.fault(*unused, std::string{"`"} + name + "` describes the branches of an `each`, which is not here",
                   "give `each`, or move it into the branches");

  if (auto agents = keys["agents"])
    compile_agent_branches(out, *agents, in);
  if (auto branches = keys["branches"])
    compile_step_branches(out, *branches, in);
  if (dynamic)
    compile_each(out, keys, in);
  if (auto x = keys["max_concurrent"])
    out.max_concurrent = static_cast<uint32_t>(check_.integer(*x, 1, 100'000).value_or(0));
  if (auto x = keys["fail_fast"])
    out.fail_fast = check_.boolean(*x).value_or(false);
  if (auto x = keys["timeout"]) {
    auto bound = check_.duration(*x).value_or(milliseconds{0});
    for (auto& branch : out.branches)
      if (branch.timeout.count() == 0)
        branch.timeout = bound;
    if (out.body && out.body->timeout.count() == 0) {
      auto bounded = std::make_shared<step>(*out.body);
      bounded->timeout = bound;
      out.body = std::move(bounded);
    }
  }
  auto count = dynamic ? std::nullopt : std::optional{out.branches.size()};
  auto aggregate = keys["aggregate"];
  out.aggregate =
      aggregate ? compile_aggregate(*aggregate, count, in, "aggregate") : std::make_shared<const aggregation_spec>();
  return out;
}

void workflow_compiler::compile_agent_branches(parallel_step& out, const document_value& at, const surroundings& in) {
  if (!check_.list(at, "agents"))
    return;
  for (size_t i = 0; i < at.node->items.size(); ++i) {
    auto item = at.item(i);
    if (item.is_object()) {
      if (item.node->find("agent") == nullptr)
        check_.fault(item, "a branch without an agent", "give it `agent`, or use `branches` for steps of other kinds");
      // Without an id of its own, the branch is called like its agent.
      auto branch = compile_step(item, in, item.node->find("id") != nullptr ? role::branch : role::body);
      auto* agent = std::get_if<agent_step>(&branch.body);
      if (branch.id.empty() && agent != nullptr)
        branch.id = agent->agent;
      out.branches.push_back(std::move(branch));
    } else if (item.is_text()) {
      step branch;
      branch.where = item.node->where;
      agent_step agent;
      agent.agent = resolve_agent(item);
      branch.id = agent.agent;
      branch.body = std::move(agent);
      out.branches.push_back(std::move(branch));
    } else {
      check_.mismatch(item, "the name of an agent, or {id, agent, input, timeout, …}");
    }
  }
  check_branches(out, at);
}

void workflow_compiler::compile_step_branches(parallel_step& out, const document_value& at, const surroundings& in) {
  if (at.is_object()) {
    branch_objects_.insert(at.place);
    for (auto& m : at.node->members) {
      auto item = at.member(m);
      if (!is_identifier(m.key))
        check_.fault(item, "\"" + excerpt(m.key) + "\" is not a name",
                     "use at most 64 of A-Z a-z 0-9 _ and -, not beginning with a digit or -");
      if (auto* id = item.node->find("id"))
        check_.fault(item.member(*id), "a second id for the branch \"" + excerpt(m.key) + "\"", "remove it");
      out.branches.push_back(compile_step(item, in, role::body));
      out.branches.back().id = m.key;
    }
  } else if (check_.list(at, "steps")) {
    for (size_t i = 0; i < at.node->items.size(); ++i)
      out.branches.push_back(compile_step(at.item(i), in, role::branch));
  }
  check_branches(out, at);
}

void workflow_compiler::check_branches(const parallel_step& out, const document_value& at) {
  if (at.node->items.empty() && at.node->members.empty())
    check_.fault(at, "a fan-out without branches", "give it at least one");
  if (out.branches.size() > limits_.fan_out)
    check_.fault(at, "more than " + std::to_string(limits_.fan_out) + " branches", "split the work into several steps");
  if (!at.is_list() || out.branches.size() != at.node->items.size())
    return;
  std::set<std::string> seen;
  for (size_t i = 0; i < out.branches.size(); ++i)
    if (auto& id = out.branches[i].id; !id.empty() && !seen.insert(id).second)
      check_.fault(at.item(i), "a second branch with the id \"" + id + "\"", "give each branch its own `id`");
}

void workflow_compiler::compile_each(parallel_step& out, const object_reader& keys, const surroundings& in) {
  auto each = keys["each"];
  if (each->is_text() ? !each->text().starts_with('$') : !each->is_list())
    check_.mismatch(*each, "a list, or JSONPath that yields one (\"$.input.items\")");
  else
    out.each = compile_mapping(*each, in);
  if (each->is_list() && each->node->items.size() > limits_.fan_out)
    check_.fault(*each, "more than " + std::to_string(limits_.fan_out) + " branches",
                 "split the work into several steps");

  auto inside = in.with_item();
  if (auto key = keys["key"]) {
    out.key = compile_mapping(*key, inside);
    // Names are made before the branches begin, and must not depend on anything but the item.
    auto foreign = [](const references& reads) {
      auto members = reads.members;
      for (auto own : {"item", "index", "input"})
        members.erase(own);
      return reads.all_steps || !reads.steps.empty() || !members.empty();
    };
    if (out.key && foreign(out.key->reads()))
      check_.fault(*key, "`key` names a branch after its item; it sees $.item, $.index and $.input",
                   "put what it needs into the items");
  }
  std::vector<std::string> bodies;
  for (auto name : {"agent", "step", "steps"})
    if (keys[name])
      bodies.emplace_back(name);
  if (bodies.size() != 1)
    check_.fault(keys.at(), bodies.empty() ? "`each` needs a body: one of agent, step, steps"
                                           : "`each` can have one of " + enumerate(bodies) + ", not several");
  auto body = std::make_shared<step>();
  body->where = keys.at().node->where;
  if (keys["agent"])
    body->body = compile_agent_step(keys, inside);
  else if (auto input = keys["input"])
    check_.fault(*input, "`input` is for `agent`", "put it on the steps inside");
  if (auto one = keys["step"])
    *body = compile_step(*one, inside, role::body);
  if (auto several = keys["steps"])
    body->body = compile_group(*several, std::nullopt, std::nullopt, inside);
  out.body = std::move(body);
}

} // namespace troupe
