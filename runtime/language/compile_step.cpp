#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"
#include "runtime/policy/error_code_name.hpp"

#include <algorithm>

namespace troupe {

namespace {

const std::vector<std::string> step_kinds = {"agent", "parallel", "steps", "choose", "team"};

/// All keys that any step may have, for steps whose kind is unclear.
key_list all_step_keys() {
  key_list out;
  for (auto& kind : step_kinds)
    for (auto& key : keys_of("step_" + kind))
      if (std::find(out.begin(), out.end(), key) == out.end())
        out.push_back(key);
  return out;
}

} // namespace

group_step workflow_compiler::compile_group(const document_value& steps, const std::optional<document_value>& order,
                                            const std::optional<document_value>& output, const surroundings& outer) {
  group_step out;
  if (!check_.list(steps, "steps"))
    return out;
  if (steps.node->items.empty())
    check_.fault(steps, "a group without steps", "give it at least one step");
  auto sequential = order && check_.one_of(*order, {"sequential", "parallel"}).value_or("") == "sequential";
  std::vector<std::string> ids;
  check_ids(steps, ids);
  visible_steps group{outer.steps, ids, edges_};
  auto inside = outer.inside(group);
  for (uint32_t i = 0; i < ids.size(); ++i) {
    group.enter(i);
    out.steps.push_back(compile_step(steps.item(i), inside, role::member));
    if (sequential)
      group.refer_to_last();
  }
  group.enter(std::nullopt);
  if (output)
    out.output = compile_mapping(*output, inside);

  auto& dependencies = group.dependencies();
  if (auto cycle = find_cycle(dependencies); !cycle.empty()) {
    // Begin with the step that stands first, so that the same circle is always told in the same way.
    std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
    std::vector<std::string> names;
    for (auto i : cycle)
      names.push_back(ids[i]);
    std::string path;
    for (auto& name : names)
      path += name + " → ";
    check_.fault(steps.item(cycle[0]), "steps wait for each other in a circle: " + path + names[0],
                 sequential ? "under `order: sequential` a step can only refer to steps before it"
                            : "remove one of the references or `needs`");
  }
  for (size_t i = 0; i < out.steps.size(); ++i)
    out.steps[i].depends_on.assign(dependencies[i].begin(), dependencies[i].end());
  return out;
}

void workflow_compiler::check_ids(const document_value& steps, std::vector<std::string>& ids) {
  std::set<std::string> seen;
  for (size_t i = 0; i < steps.node->items.size(); ++i) {
    auto at = steps.item(i);
    auto* id = at.node->find("id");
    ids.push_back(id != nullptr && at.member(*id).is_text() ? at.member(*id).text() : "");
    if (!ids.back().empty() && !seen.insert(ids.back()).second)
      check_.fault(at.member(*id), "a second step with the id \"" + excerpt(ids.back()) + "\" in this group",
                   "give each step its own id");
  }
}

step workflow_compiler::compile_step(const document_value& at, const surroundings& in, role as) {
  step out;
  out.where = at.node->where;
  std::vector<std::string> kinds;
  for (auto& kind : step_kinds)
    if (at.node->find(kind) != nullptr)
      kinds.push_back(kind);
  if (at.is_object() && kinds.size() != 1)
    check_.fault(at, kinds.empty() ? "a step without work; it needs one of " + enumerate(step_kinds)
                                   : "a step can be one of " + enumerate(kinds) + ", not several");
  auto keys = kinds.size() == 1
                  ? object_reader{check_, at, keys_of("step_" + kinds[0]), "a step with `" + kinds[0] + "`"}
                  : object_reader{check_, at, all_step_keys(), "a step"};
  if (!keys)
    return out;
  if (auto id = as == role::member || as == role::branch ? keys.need("id") : keys["id"])
    out.id = check_.identifier(*id).value_or("");
  if (auto agent = keys["agent"])
    out.body = compile_agent_step(keys, in);
  else if (auto parallel = keys["parallel"])
    out.body = compile_parallel(*parallel, in);
  else if (auto steps = keys["steps"])
    out.body = compile_group(*steps, keys["order"], keys["output"], in);
  else if (auto choose = keys["choose"])
    out.body = compile_choose(*choose, in);
  else if (auto team = keys["team"])
    out.body = compile_team(*team, object_reader{check_, *team, keys_of("team"), "`team`"}, in);
  compile_common(out, keys, in, as);
  return out;
}

void workflow_compiler::compile_common(step& out, const object_reader& keys, const surroundings& in, role as) {
  if (auto when = keys["when"]; when && as != role::choice)
    out.when = compile_condition(*when, in);
  if (auto needs = keys["needs"]) {
    if (as != role::member)
      check_.fault(*needs, "`needs` outside of a list of steps", "put it on the step that contains this one");
    else if (check_.list(*needs, "step ids"))
      for (size_t i = 0; i < needs->node->items.size(); ++i)
        if (auto id = check_.identifier(needs->item(i)))
          refer_to_step(*id, needs->item(i), in);
  }
  if (auto timeout = keys["timeout"])
    out.timeout = check_.duration(*timeout).value_or(milliseconds{0});
  if (auto retry = keys["retry"])
    out.retry = compile_retry(check_, *retry);
  if (auto fallback = keys["fallback"])
    out.fallback = compile_fallback(*fallback, &out, in);
  if (auto on_error = keys["on_error"])
    out.on_error = compile_on_error(*on_error, in);
  if (auto priority = keys["priority"])
    out.priority = compile_priority(*priority);
  if (auto placement = keys["placement"])
    out.placement = check_.text_map(*placement);
}

agent_step workflow_compiler::compile_agent_step(const object_reader& keys, const surroundings& in) {
  agent_step out;
  if (auto agent = keys["agent"])
    out.agent = resolve_agent(*agent);
  if (auto input = keys["input"])
    out.input = compile_mapping(*input, in);
  if (auto timeout = keys["attempt_timeout"])
    out.attempt_timeout = check_.duration(*timeout).value_or(milliseconds{0});
  return out;
}

choose_step workflow_compiler::compile_choose(const document_value& at, const surroundings& in) {
  choose_step out;
  if (!check_.list(at, "cases"))
    return out;
  if (at.node->items.empty())
    check_.fault(at, "a choice without cases", "give it at least one case");
  for (size_t i = 0; i < at.node->items.size(); ++i) {
    auto item = at.item(i);
    choose_step::choice choice;
    if (auto* otherwise = item.node->find("otherwise")) {
      object_reader keys{check_, item, keys_of("otherwise"), "the case `otherwise`"};
      if (i + 1 != at.node->items.size())
        check_.fault(item, "`otherwise` is not the last case, so those after it can never be chosen",
                     "move it to the end");
      choice.body = std::make_shared<const step>(compile_step(item.member(*otherwise), in, role::body));
    } else {
      if (auto* when = item.node->find("when"))
        choice.when = compile_condition(item.member(*when), in);
      else if (item.is_object())
        check_.fault(item, "a case without a condition", "give it `when`, or make it `otherwise: {…}`");
      choice.body = std::make_shared<const step>(compile_step(item, in, role::choice));
    }
    out.choices.push_back(std::move(choice));
  }
  return out;
}

std::shared_ptr<const step> workflow_compiler::compile_fallback(const document_value& at, const step* failing,
                                                                const surroundings& in) {
  auto inside = failing != nullptr ? in.with_error() : in.with_partial();
  if (at.is_object())
    return std::make_shared<const step>(compile_step(at, inside, role::body));
  if (!at.is_text()) {
    check_.mismatch(at, "the name of an agent or a step");
    return nullptr;
  }
  agent_step agent;
  agent.agent = resolve_agent(at);
  // The stand-in for an agent gets what that agent got; the one for a whole construct, what became of it.
  auto* failed = failing ? std::get_if<agent_step>(&failing->body) : nullptr;
  if (failed != nullptr) {
    agent.input = failed->input;
    agent.attempt_timeout = failed->attempt_timeout;
  } else {
    auto report =
        failing != nullptr ? json{{"error", "$.error"}, {"partial", "$.partial"}} : json{{"partial", "$.partial"}};
    if (auto compiled = mapping::compile(report))
      agent.input = std::move(*compiled);
  }
  auto out = std::make_shared<step>();
  out->where = at.node->where;
  out->body = std::move(agent);
  return out;
}

error_policy workflow_compiler::compile_on_error(const document_value& at, const surroundings& in) {
  error_policy out;
  if (at.is_object()) {
    object_reader keys{check_, at, keys_of("on_error"), "`on_error`"};
    out.then = error_policy::action::proceed;
    if (auto output = keys.need("output"))
      out.output = compile_mapping(*output, in.with_error());
    return out;
  }
  if (!at.is_text()) {
    check_.mismatch(at, "\"fail\", \"continue\" or {output: …}");
    return out;
  }
  if (check_.one_of(at, {"fail", "continue"}).value_or("") == "continue")
    out.then = error_policy::action::proceed;
  return out;
}

int32_t workflow_compiler::compile_priority(const document_value& at) {
  if (!at.is_text())
    return static_cast<int32_t>(check_.integer(at, -100, 100).value_or(0));
  auto word = check_.one_of(at, {"low", "normal", "high"}).value_or("");
  return word == "low" ? -50 : word == "high" ? 50 : 0;
}

std::optional<retry_policy> compile_retry(document_checker& check, const document_value& at) {
  object_reader keys{check, at, keys_of("retry"), "`retry`"};
  if (!keys)
    return std::nullopt;
  retry_policy out;
  out.maximum_attempts = 3;
  if (auto x = keys["maximum_attempts"])
    out.maximum_attempts = static_cast<uint32_t>(check.integer(*x, 1, 1'000).value_or(1));
  if (auto x = keys["initial_interval"])
    out.initial_interval = check.duration(*x, true).value_or(out.initial_interval);
  if (auto x = keys["backoff_coefficient"])
    out.backoff_coefficient = check.number(*x, 1, 100).value_or(out.backoff_coefficient);
  if (auto x = keys["maximum_interval"])
    out.maximum_interval = check.duration(*x, true).value_or(out.maximum_interval);
  if (auto x = keys["jitter"])
    out.jitter = check.number(*x, 0, 1).value_or(out.jitter);
  auto codes = keys["non_retryable"];
  if (codes && check.list(*codes, "error codes"))
    for (size_t i = 0; i < codes->node->items.size(); ++i) {
      std::vector<std::string> known;
      for (int c = v1::ErrorCode_MIN + 1; c <= v1::ErrorCode_MAX; ++c)
        if (v1::ErrorCode_IsValid(c))
          known.push_back(error_code_name(static_cast<errc>(c)));
      if (auto code = check.one_of(codes->item(i), known))
        out.non_retryable.insert(*code);
    }
  return out;
}

} // namespace troupe
