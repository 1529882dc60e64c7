#include "runtime/language/nearest.hpp"
#include "runtime/language/workflow_compiler.hpp"

#include <algorithm>

namespace troupe {

namespace {

using strategy = aggregation_spec::strategy;
using wait_for = aggregation_spec::wait;

const std::map<std::string, strategy> strategies = {{"merge_all", strategy::merge_all},
                                                    {"best_result", strategy::best_result},
                                                    {"consensus", strategy::consensus},
                                                    {"synthesis", strategy::synthesis},
                                                    {"reduce", strategy::reduce}};

/// The keys that only some strategies read.
const std::map<std::string, std::set<strategy>> keys_of_strategies = {
    {"score", {strategy::best_result}},   {"scorer", {strategy::best_result}},
    {"threshold", {strategy::consensus}}, {"key", {strategy::consensus}},
    {"weights", {strategy::consensus}},   {"agent", {strategy::synthesis, strategy::reduce}},
    {"reduce", {strategy::reduce}},       {"initial", {strategy::reduce}}};

const std::map<std::string, aggregation_spec::shortfall> shortfalls = {
    {"retry", aggregation_spec::shortfall::retry},
    {"escalate", aggregation_spec::shortfall::escalate},
    {"fail", aggregation_spec::shortfall::fail},
    {"fallback", aggregation_spec::shortfall::fallback}};

template <class Map>
std::vector<std::string> words(const Map& map) {
  std::vector<std::string> out;
  for (auto& entry : map)
    out.push_back(entry.first);
  return out;
}

} // namespace

std::shared_ptr<const aggregation_spec> workflow_compiler::compile_aggregate(const document_value& at,
                                                                             std::optional<size_t> branches,
                                                                             const surroundings& in,
                                                                             const char* construct) {
  auto out = std::make_shared<aggregation_spec>();
  object_reader keys{check_, at, keys_of(construct), "`aggregate`"};
  if (!keys)
    return out;
  compile_strategy(*out, keys);
  compile_wait(*out, keys, branches);
  for (auto name : {"deadline", "timeout_seconds"})
    if (auto x = keys[name])
      out->deadline = check_.duration(*x).value_or(milliseconds{0});
  compile_shortfall(*out, keys, branches, in);
  return out;
}

void workflow_compiler::compile_strategy(aggregation_spec& out, const object_reader& keys) {
  std::string name = "merge_all";
  if (auto x = keys["strategy"]) {
    auto word = check_.one_of(*x, words(strategies));
    if (!word)
      return;
    name = *word;
  }
  out.how = strategies.at(name);
  for (auto& [key, readers] : keys_of_strategies)
    if (auto x = keys[key]; x && readers.count(out.how) == 0)
      check_.fault(*x, "`" + key + "` has no meaning under strategy " + name, "remove it");

  if (auto x = keys["score"])
    out.score = compile_function(*x, "output, confidence, quality, agent");
  if (auto x = keys["scorer"]) {
    out.scorer = resolve_agent(*x);
    if (keys["score"])
      check_.fault(*x, "both `score` and `scorer`", "keep one of them");
  }
  if (auto x = keys["threshold"]) {
    out.threshold = check_.number(*x, 0, 1).value_or(out.threshold);
    if (out.threshold == 0)
      check_.fault(*x, "a threshold of zero", "give the share of agreement needed, above 0 and up to 1");
  }
  if (auto x = keys["key"]; x && x->is_text()) {
    if (auto path = jsonpath::parse(x->text()))
      out.key = std::move(*path);
    else
      check_.fault(*x, path.error().message, "give JSONPath over a branch's output, such as $.verdict");
  } else if (x) {
    check_.mismatch(*x, "JSONPath over a branch's output (\"$.verdict\")");
  }
  if (auto x = keys["weights"])
    out.weighted = check_.one_of(*x, {"confidence"}).has_value();
  if (auto x = keys["agent"])
    out.agent = resolve_agent(*x);
  if (auto x = keys["reduce"]) {
    out.reduce = compile_function(*x, "accumulator, item, index");
    if (keys["agent"])
      check_.fault(*x, "both `reduce` and `agent`", "keep one of them");
  }
  if (auto x = keys["initial"])
    out.initial = to_json(*x->node);
  if (out.how == strategy::synthesis && !keys["agent"])
    check_.fault(keys.at(), "synthesis needs an `agent`");
  if (out.how == strategy::reduce && !keys["agent"] && !keys["reduce"])
    check_.fault(keys.at(), "reduce needs `reduce` (a Lua expression) or an `agent`");
}

void workflow_compiler::compile_wait(aggregation_spec& out, const object_reader& keys, std::optional<size_t> branches) {
  auto wait = keys["wait"];
  if (wait && wait->is_object()) {
    object_reader quorum{check_, *wait, keys_of("quorum"), "`wait`"};
    out.until = wait_for::quorum;
    if (auto n = quorum.need("quorum")) {
      out.quorum = static_cast<uint32_t>(check_.integer(*n, 1, 100'000).value_or(1));
      if (branches && out.quorum > *branches)
        check_.fault(*n, "a quorum of " + std::to_string(out.quorum) + " among " + std::to_string(*branches)
                             + " branches can never be reached");
    }
  } else if (wait && !wait->is_text()) {
    check_.mismatch(*wait, "\"all\", \"first\", \"any_valid\" or {quorum: n}");
  } else if (wait) {
    auto word = check_.one_of(*wait, {"all", "first", "any_valid"}).value_or("all");
    out.until = word == "first" ? wait_for::first : word == "any_valid" ? wait_for::any_valid : wait_for::all;
  }
  if (auto valid = keys["valid"])
    out.valid = compile_function(*valid, "output, confidence, quality");
}

void workflow_compiler::compile_shortfall(aggregation_spec& out, const object_reader& keys,
                                          std::optional<size_t> branches, const surroundings& in) {
  if (auto x = keys["minimum_required"]) {
    if (x->is_text()) {
      out.require_all = check_.one_of(*x, {"all"}).has_value();
    } else {
      auto n = check_.integer(*x, 0, 100'000).value_or(1);
      out.minimum_required = static_cast<uint32_t>(std::max<int64_t>(1, n));
      if (branches && out.minimum_required > *branches)
        check_.fault(*x, std::to_string(n) + " successes among " + std::to_string(*branches)
                             + " branches can never be reached");
    }
    auto most = out.until == wait_for::quorum ? out.quorum : out.until == wait_for::all ? UINT32_MAX : 1;
    if (out.minimum_required > most || (out.require_all && out.until != wait_for::all))
      check_.fault(*x, "`minimum_required` asks for more successes than `wait` waits for", "lower it, or wait for all");
  }
  if (auto x = keys["on_shortfall"]) {
    std::vector<document_value> actions;
    if (x->is_list())
      for (size_t i = 0; i < x->node->items.size(); ++i)
        actions.push_back(x->item(i));
    else
      actions.push_back(*x);
    if (actions.empty())
      check_.fault(*x, "an empty list", "name at least one of retry, escalate, fail, fallback, or remove the key");
    for (auto& action : actions)
      if (auto word = check_.one_of(action, words(shortfalls)))
        out.on_shortfall.push_back(shortfalls.at(*word));
  }
  auto falls_back = std::find(out.on_shortfall.begin(), out.on_shortfall.end(), aggregation_spec::shortfall::fallback)
                    != out.on_shortfall.end();
  if (auto x = keys["fallback"]) {
    out.fallback = compile_fallback(*x, nullptr, in);
    if (!falls_back)
      check_.fault(*x, "`fallback` is used only when `on_shortfall` names it", "add `on_shortfall: fallback`");
  } else if (falls_back) {
    check_.fault(keys.at(), "`on_shortfall` names fallback, but there is no `fallback`",
                 "give the agent or the step that stands in");
  }
}

} // namespace troupe
