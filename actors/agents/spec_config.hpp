#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/agent.pb.h"

#include <optional>
#include <string>

namespace troupe {

/// The settings of an agent; nothing at all is an empty object. Errors name the agent.
result<json> spec_config(const v1::AgentSpec& spec);

/// One setting that is a text. Without a default it is required. Errors name the agent and the setting.
result<std::string> text_setting(const v1::AgentSpec& spec, const json& config, const char* key,
                                 std::optional<std::string> otherwise = std::nullopt);

/// What is wrong with a setting, as an error that names the agent.
tl::unexpected<error> bad_setting(const v1::AgentSpec& spec, const std::string& what);

} // namespace troupe
