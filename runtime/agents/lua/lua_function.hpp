#pragma once

#include "runtime/agents/function/function_agent.hpp"
#include "runtime/expression/lua.hpp"

#include <string_view>

namespace troupe {

/// An agent that is a Lua script: it sees `input` (as JSON) and `context` ({run_id, task, attempt, step, agent,
/// idempotency_key}) and returns its output. Members `confidence` and `quality` of an output that is an object, where
/// they are numbers within 0..1, are taken for the agent's own judgement.
///
/// During a turn of a team it also sees `turn`, what the member is told, and has `team`, which does one operation and
/// waits for its answer: `local facts = team{op = "ask", to = "researcher", content = "how many?"}`; what is refused is
/// `nil, message, code`.
///
/// A script that fails or exceeds its budget fails its task with ERROR_CODE_AGENT_FAILED, for good: the same input
/// would fail again.
class lua_function final : public function_agent {
public:
  /// Fails with ERROR_CODE_INVALID_INPUT when the script does not compile, naming its line.
  static result<std::unique_ptr<function_agent>> make(std::string_view script, const lua_limits& limits = {});

  result<task_output> run(const task_input& in) override;

  /// The script calls `team`, so it waits.
  static bool waits(std::string_view script);

private:
  lua_function(lua_chunk script, const lua_limits& limits) : script_{std::move(script)}, limits_{limits} {}

  lua_chunk script_;
  lua_limits limits_;
};

} // namespace troupe
