// The template `parallel_group` of the source material, taken as it stands. There `$` is the run's input.
#include "runtime/language/workflow_compiler.hpp"

namespace troupe {

group_step workflow_compiler::compile_parallel_group(const document_value& group) {
  group_step out;
  object_reader keys{check_, group, keys_of("parallel_group"), "`parallel_group`"};
  if (!keys)
    return out;
  visible_steps none{nullptr, {}, edges_};
  surroundings in{&none};
  step fan_out;
  fan_out.where = group.node->where;
  if (auto id = keys.need("id"))
    fan_out.id = check_.identifier(*id).value_or("");
  parallel_step parallel;
  auto agents = keys.need("agents");
  if (agents && check_.list(*agents, "agents")) {
    for (size_t i = 0; i < agents->node->items.size(); ++i) {
      object_reader entry{check_, agents->item(i), keys_of("parallel_group_agent"), "an agent of a `parallel_group`"};
      step branch;
      branch.where = entry.at().node->where;
      agent_step agent;
      if (auto id = entry.need("id"))
        branch.id = check_.identifier(*id).value_or("");
      if (auto type = entry.need("type"))
        agent.agent = resolve_agent_type(*type);
      if (auto input = entry["input_mapping"]) {
        if (auto compiled = mapping::compile(to_json(*input->node), "input"))
          agent.input = std::move(*compiled);
        else
          check_.fault(*input, compiled.error().message);
      }
      if (auto timeout = entry["timeout_seconds"])
        branch.timeout = check_.duration(*timeout).value_or(milliseconds{0});
      branch.body = std::move(agent);
      parallel.branches.push_back(std::move(branch));
    }
    check_branches(parallel, *agents);
  }
  auto aggregation = keys["aggregation"];
  parallel.aggregate = aggregation
                           ? compile_aggregate(*aggregation, parallel.branches.size(), in, "parallel_group_aggregation")
                           : std::make_shared<const aggregation_spec>();
  if (auto output = mapping::compile("$.steps[\"" + fan_out.id + "\"]"))
    out.output = std::move(*output);
  fan_out.body = std::move(parallel);
  out.steps.push_back(std::move(fan_out));
  return out;
}

} // namespace troupe
