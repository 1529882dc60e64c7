#pragma once

#include "runtime/agents/llm/chat_reply.hpp"
#include "runtime/agents/llm/llm_settings.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/common.pb.h"

#include <string>
#include <vector>

namespace troupe {

/// Opens a conversation: the system text, if any, and the prompt rendered over the task's input. Fails with
/// ERROR_CODE_INVALID_INPUT (an input that is neither JSON nor text, an empty prompt) or ERROR_CODE_EXPRESSION
/// (template).
result<json> first_messages(const llm_settings& config, const v1::Payload& input);

/// The two messages that send a wrong answer back: what the model said, and what is wrong with it.
void append_repair(json& messages, std::string answer, const std::vector<std::string>& faults);

/// The messages that tell a model what became of the tools that it used: what it said, and one answer per call.
void append_tools(json& messages, const chat_reply& reply, const std::vector<std::string>& answers);

/// The body of a chat-completions request. `tools`: null when there are none.
json chat_body(const llm_settings& config, const json& messages, const json& tools = nullptr);

} // namespace troupe
