#include "runtime/dispatch/placement.hpp"

#include "runtime/core/json.hpp"

#include <algorithm>

namespace troupe {

namespace {

constexpr const char* function_kind = "function";

// A loader that is strict about config has looked at it already: here anything odd means "no function named".
std::string function_of(const v1::AgentSpec& spec) {
  auto config = json::parse(spec.config_json(), nullptr, false);
  if (config.is_object())
    if (auto i = config.find("function"); i != config.end() && i->is_string())
      return i->get<std::string>();
  return spec.name();
}

template <class Range>
bool contains(const Range& range, const std::string& x) {
  return std::find(range.begin(), range.end(), x) != range.end();
}

std::string missing_agent(const placement_need& need, const v1::NodeInfo& node) {
  if (need.kind.empty()) {
    for (auto& x : node.agents())
      if (x.name() == need.agent)
        return {};
    return "has no agent '" + need.agent + "'";
  }
  if (need.kind == function_kind) {
    auto lists_functions = false;
    for (auto& x : node.agents()) {
      if (x.kind() != function_kind)
        continue;
      lists_functions = true;
      if (x.name() == need.function)
        return {};
    }
    if (lists_functions)
      return "has no function '" + need.function + "'";
  }
  return contains(node.kinds(), need.kind) ? std::string{} : "does not run kind '" + need.kind + "'";
}

} // namespace

placement_need need_of(const v1::Task& task, const v1::AgentSpec* spec) {
  placement_need out;
  out.agent = task.agent();
  if (spec) {
    out.kind = spec->kind();
    if (out.kind == function_kind)
      out.function = function_of(*spec);
  }
  for (const auto& label : task.placement())
    out.labels.emplace(label.key(), label.value());
  return out;
}

std::string to_string(const placement_need& need) {
  auto out = "agent '" + need.agent + "'";
  std::string about;
  if (!need.kind.empty())
    about = "kind " + need.kind;
  if (!need.labels.empty())
    about += about.empty() ? "labels" : ", labels";
  for (auto& [key, value] : need.labels)
    about += " " + key + "=" + value;
  return about.empty() ? out : out + " (" + about + ")";
}

std::string mismatch(const placement_need& need, const v1::NodeStatus& node) {
  switch (node.state()) {
  case v1::NODE_STATE_UP:
    break;
  case v1::NODE_STATE_SUSPECT:
    return "is silent";
  case v1::NODE_STATE_DRAINING:
    return "is draining";
  default:
    return "is gone";
  }
  auto& info = node.info();
  if (info.capacity() == 0)
    return "takes no tasks";
  for (auto& [key, value] : need.labels) {
    auto i = info.labels().find(key);
    if (i == info.labels().end() || i->second != value)
      return "lacks label " + key + "=" + value;
  }
  return missing_agent(need, info);
}

bool better_place(const placement_candidate& a, const placement_candidate& b) {
  auto load = [](const placement_candidate& x) { return (x.outstanding + 1.0) / x.capacity; };
  auto slowness = 1.0;
  if (a.latency_ms > 0 && b.latency_ms > 0)
    slowness = std::clamp(a.latency_ms / b.latency_ms, 1 / slowest_factor, slowest_factor);
  return load(a) * slowness < load(b);
}

size_t choose_place(std::span<const placement_candidate> candidates, random_source& random) {
  if (candidates.size() == 1)
    return 0;
  auto first = static_cast<size_t>(random.below(candidates.size()));
  auto second = static_cast<size_t>(random.below(candidates.size() - 1));
  if (second >= first)
    ++second;
  return better_place(candidates[second], candidates[first]) ? second : first;
}

double next_latency(double average_ms, double sample_ms) {
  constexpr double weight = 0.2;
  return average_ms <= 0 ? sample_ms : average_ms + weight * (sample_ms - average_ms);
}

} // namespace troupe
