#include "runtime/agents/agent_error.hpp"

#include "runtime/policy/error_code_name.hpp"

#include <string>
#include <utility>

namespace troupe {

namespace {

std::string text_at(const json& object, const char* name) {
  auto i = object.find(name);
  return i != object.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

} // namespace

error read_agent_error(const json& said) {
  if (said.is_string())
    return {v1::ERROR_CODE_AGENT_FAILED, said.get<std::string>(), false};
  if (!said.is_object())
    return {v1::ERROR_CODE_AGENT_FAILED, "the agent reported an error that is neither an object nor a text", false};
  error out{v1::ERROR_CODE_AGENT_FAILED, text_at(said, "message"), false};
  auto code = text_at(said, "code");
  if (auto known = error_code_from_name(code); known && *known != v1::ERROR_CODE_UNSPECIFIED)
    out.code = *known;
  else if (!code.empty())
    out.message = out.message.empty() ? code : code + ": " + out.message;
  if (out.message.empty())
    out.message = "the agent gave no reason";
  auto again = said.find("retryable");
  out.retryable = again != said.end() && again->is_boolean() && again->get<bool>();
  return out;
}

} // namespace troupe
