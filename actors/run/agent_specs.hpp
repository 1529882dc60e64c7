#pragma once

#include "runtime/core/task_batch.hpp"
#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/agent.pb.h"

#include <map>
#include <memory>
#include <string>

namespace troupe {

/// What travels of an agent's definition with its tasks.
v1::AgentSpec to_spec(const agent_definition& agent);

/// Those of all agents of a workflow by name: made once per definition, not per run.
using agent_specs_ptr = std::shared_ptr<const std::map<std::string, agent_spec_ptr>>;

agent_specs_ptr specs_of(const workflow& definition);

} // namespace troupe
