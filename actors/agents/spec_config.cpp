#include "actors/agents/spec_config.hpp"

#include "runtime/agents/json_text.hpp"

namespace troupe {

tl::unexpected<error> bad_setting(const v1::AgentSpec& spec, const std::string& what) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, "agent \"" + spec.name() + "\": " + what);
}

result<json> spec_config(const v1::AgentSpec& spec) {
  if (spec.config_json().empty())
    return json::object();
  auto out = parse_payload(spec.config_json());
  if (!out)
    return bad_setting(spec, "its settings are not valid JSON: " + out.error().message);
  if (!out->is_object())
    return bad_setting(spec, "its settings are not an object");
  return out;
}

result<std::string> text_setting(const v1::AgentSpec& spec, const json& config, const char* key,
                                 std::optional<std::string> otherwise) {
  auto i = config.find(key);
  if (i == config.end()) {
    if (otherwise)
      return std::move(*otherwise);
    return bad_setting(spec, std::string{"the setting \""} + key + "\" is missing");
  }
  if (!i->is_string())
    return bad_setting(spec, std::string{"the setting \""} + key + "\" is not a text");
  return i->get<std::string>();
}

} // namespace troupe
