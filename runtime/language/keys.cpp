#include "runtime/language/keys.hpp"

namespace troupe {

namespace {

key_list join(key_list first, const key_list& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::map<std::string, key_list, std::less<>> make_table() {
  const key_list step = {"id", "when", "needs", "timeout", "retry", "fallback", "on_error", "priority", "placement"};
  const key_list agent = {"kind",  "capabilities", "labels", "placement", "replicas", "concurrency", "max_concurrent",
                          "input", "output",       "retry",  "timeout",   "breaker",  "pure"};
  const key_list aggregate = {"strategy", "wait",  "valid",  "minimum_required", "on_shortfall",
                              "fallback", "score", "scorer", "threshold",        "key",
                              "weights",  "agent", "reduce", "initial"};
  const key_list team = {
      "goal",   "task",      "agents",      "turns",    "phases",           "max_iterations",  "at_bound",
      "until",  "review",    "on_conflict", "resolver", "decision_timeout", "request_timeout", "ageing",
      "limits", "workspace", "messages",    "output"};
  return {
      {"document", {"workflow", "description", "input", "output_schema", "agents", "steps", "order", "output"}},
      {"agents_document", {"agents"}},
      {"parallel_group_document", {"parallel_group", "agents"}},

      {"agent_function", join(agent, {"function", "config"})},
      {"agent_lua", join(agent, {"script"})},
      {"agent_process", join(agent, {"command", "env", "cwd"})},
      {"agent_http", join(agent, {"url", "method", "headers", "api_key_env", "api_key_file", "max_response_bytes"})},
      {"agent_llm",
       join(agent, {"model", "base_url", "api_key_env", "api_key_file", "prompt", "system", "temperature", "max_tokens",
                    "price", "cassette", "repair_turns", "stream", "headers", "max_response_bytes"})},
      {"price", {"input", "output"}},
      {"cassette", {"file", "mode"}},
      {"breaker", {"failure_ratio", "window", "open_for"}},

      {"step_agent", join(step, {"agent", "input", "attempt_timeout"})},
      {"step_parallel", join(step, {"parallel"})},
      {"step_steps", join(step, {"steps", "order", "output"})},
      {"step_choose", join(step, {"choose"})},
      {"step_team", join(step, {"team"})},
      {"otherwise", {"otherwise"}},
      {"retry",
       {"maximum_attempts", "initial_interval", "backoff_coefficient", "maximum_interval", "jitter", "non_retryable"}},
      {"on_error", {"output"}},

      {"parallel",
       {"agents", "branches", "each", "agent", "input", "step", "steps", "key", "max_concurrent", "fail_fast",
        "timeout", "aggregate"}},
      {"aggregate", join(aggregate, {"deadline"})},
      {"quorum", {"quorum"}},

      {"team", team},
      {"team_member",
       {"role",     "archetype", "agent",        "input", "attempt_timeout", "step",      "steps",
        "order",    "output",    "capabilities", "tools", "interacts_with",  "expertise", "responsibilities",
        "ask_when", "writes",    "timeout",      "retry", "fallback",        "on_error",  "priority",
        "placement"}},
      {"phase", {"phase", "roles", "writes"}},
      {"selector", {"selector"}},
      {"selector_agent", {"agent"}},
      {"review", {"by", "back_to"}},
      {"team_limits",
       {"artifact_bytes", "workspace_bytes", "artifacts", "messages", "history", "operations_per_turn",
        "inline_bytes"}},
      {"team_document", {"team", "agents"}},
      {"team_template", join(team, {"id", "workflow"})},
      {"team_workflow", {"phases", "max_iterations"}},

      {"parallel_group", {"id", "agents", "aggregation"}},
      {"parallel_group_agent", {"id", "type", "input_mapping", "timeout_seconds"}},
      {"parallel_group_aggregation", join(aggregate, {"timeout_seconds"})},
  };
}

} // namespace

const std::map<std::string, key_list, std::less<>>& language_keys() {
  static const auto table = make_table();
  return table;
}

const key_list& keys_of(std::string_view construct) {
  return language_keys().find(construct)->second;
}

} // namespace troupe
