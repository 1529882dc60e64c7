#include "runtime/agents/lua/lua_function.hpp"

#include "runtime/agents/agent_error.hpp"
#include "runtime/expression/lua_references.hpp"
#include "runtime/expression/scope.hpp"

#include <optional>
#include <utility>

namespace troupe {

namespace {

/// `input`, `context` and `turn`, without copying the input into one document.
class agent_scope final : public scope {
public:
  agent_scope(const task_input& in, const json& context) : in_{in}, context_{context} {}

  const json* member(std::string_view name) const override {
    return name == "input" ? &in_.input() : name == "context" ? &context_ : name == "turn" ? &in_.turn() : nullptr;
  }

  const json* step(std::string_view) const override {
    return nullptr;
  }

  const json* step_result(std::string_view) const override {
    return nullptr;
  }

private:
  const task_input& in_;
  const json& context_;
};

std::optional<double> judgement(const json& output, const char* name) {
  auto i = output.is_object() ? output.find(name) : output.end();
  if (i == output.end() || !i->is_number())
    return std::nullopt;
  auto x = i->get<double>();
  return x >= 0 && x <= 1 ? std::optional{x} : std::nullopt;
}

} // namespace

result<std::unique_ptr<function_agent>> lua_function::make(std::string_view script, const lua_limits& limits) {
  auto chunk = lua_chunk::compile_script(script);
  if (!chunk)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "the script does not compile: " + chunk.error().message);
  return std::unique_ptr<function_agent>{new lua_function{std::move(*chunk), limits}};
}

result<task_output> lua_function::run(const task_input& in) {
  auto& task = in.task();
  json context = {{"run_id", task.run_id()}, {"task", task.task()},   {"attempt", task.attempt()},
                  {"step", task.step()},     {"agent", task.agent()}, {"idempotency_key", task.idempotency_key()}};
  // Read here, for it may throw.
  (void)in.input();
  (void)in.turn();
  lua_host_call team{"team", [&](const json& operation) { return in.operate(operation); }};
  json raised;
  auto value = script_.evaluate(agent_scope{in, context}, limits_, task.has_turn() ? &team : nullptr, &raised);
  if (!value) {
    auto why = raised.is_object() ? read_agent_error(raised) : value.error();
    // Only who has been told to stop is cancelled, and a script never is.
    auto code = raised.is_object() && why.code != v1::ERROR_CODE_CANCELLED ? why.code : v1::ERROR_CODE_AGENT_FAILED;
    return fail(code, "agent \"" + task.agent() + "\": " + why.message, why.retryable);
  }
  task_output out{std::move(*value)};
  out.confidence = judgement(out.output, "confidence");
  out.quality = judgement(out.output, "quality");
  return out;
}

bool lua_function::waits(std::string_view script) {
  return read_lua_references(script).members.contains("team");
}

} // namespace troupe
