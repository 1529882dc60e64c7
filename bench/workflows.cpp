#include "bench/workflows.hpp"

#include "actors/run/agent_specs.hpp"
#include "runtime/language/load.hpp"

#include <stdexcept>
#include <string>

namespace troupe::bench {

namespace {

json noop_agents(bool pure = false) {
  return {{"noop", {{"kind", "function"}, {"function", "noop"}, {"pure", pure}}}};
}

} // namespace

workflow_ptr compile(const json& document) {
  auto compiled = compile_workflow(document);
  if (compiled)
    return *compiled;
  std::string text;
  for (const auto& fault : compiled.error())
    text += to_string(fault) + '\n';
  throw std::runtime_error(text);
}

json fan_workflow() {
  return {{"workflow", "fan"},
          {"agents", noop_agents()},
          {"steps", json::array({{{"id", "all"}, {"parallel", {{"each", "$.input.items"}, {"agent", "noop"}}}}})}};
}

json fan_input(size_t tasks) {
  auto items = json::array();
  for (size_t i = 0; i < tasks; ++i)
    items.push_back(i);
  return {{"items", std::move(items)}};
}

json pipeline_workflow(bool pure) {
  auto steps = json::array();
  for (int i = 0; i < 10; ++i) {
    auto before = i == 0 ? std::string{"$.input"} : "$.steps.s" + std::to_string(i - 1);
    steps.push_back({{"id", "s" + std::to_string(i)}, {"agent", "noop"}, {"input", {{"before", before}}}});
  }
  return {{"workflow", "pipeline"}, {"agents", noop_agents(pure)}, {"steps", std::move(steps)}};
}

json sleep_workflow() {
  return {{"workflow", "sleep"},
          {"agents", {{"sleeper", {{"kind", "function"}, {"function", "sleeper"}, {"replicas", 1'000}}}}},
          {"steps", json::array({{{"id", "all"}, {"parallel", {{"each", "$.input.items"}, {"agent", "sleeper"}}}}})}};
}

v1::AgentSpec noop_spec() {
  return to_spec(compile(fan_workflow())->agents.at("noop"));
}

} // namespace troupe::bench
