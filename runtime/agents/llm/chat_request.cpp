#include "runtime/agents/llm/chat_request.hpp"

#include "runtime/agents/json_text.hpp"

#include <utility>

namespace troupe {

namespace {

result<json> input_value(const v1::Payload& input) {
  if (input.content_type().empty() || input.content_type() == "application/json") {
    auto value = parse_payload(input.data());
    if (!value)
      return fail(v1::ERROR_CODE_INVALID_INPUT, "the input is not valid JSON: " + value.error().message);
    return value;
  }
  if (!input.content_type().starts_with("text/"))
    return fail(v1::ERROR_CODE_INVALID_INPUT, "an llm agent takes JSON or text, not " + input.content_type());
  if (auto fault = check_utf8(input.data()))
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the input is not UTF-8 text: byte " + std::to_string(fault->offset) + ": " + fault->what);
  return json(input.data());
}

result<std::string> prompt_text(const llm_settings& config, json input) {
  if (!config.prompt) {
    if (input.is_null())
      return std::string{};
    return input.is_string() ? input.get<std::string>() : input.dump();
  }
  auto data = input.is_object() ? input : json::object();
  if (!data.contains("input"))
    data["input"] = std::move(input);
  return config.prompt->render(data);
}

json message(const char* role, std::string content) {
  return {{"role", role}, {"content", std::move(content)}};
}

} // namespace

result<json> first_messages(const llm_settings& config, const v1::Payload& input) {
  auto value = input_value(input);
  if (!value)
    return value;
  auto prompt = prompt_text(config, std::move(*value));
  if (!prompt)
    return tl::unexpected<error>(prompt.error());
  if (prompt->empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT, "there is nothing to ask: the input is empty and so is the prompt");
  auto out = json::array();
  if (!config.system.empty())
    out.push_back(message("system", config.system));
  out.push_back(message("user", std::move(*prompt)));
  return out;
}

void append_repair(json& messages, std::string answer, const std::vector<std::string>& faults) {
  std::string text = "Your answer does not have the required form:\n";
  for (auto& fault : faults)
    text += "- " + fault + "\n";
  text += "Answer again with the whole corrected JSON and nothing else.";
  // Not every server takes an empty message.
  if (!answer.empty())
    messages.push_back(message("assistant", std::move(answer)));
  messages.push_back(message("user", std::move(text)));
}

void append_tools(json& messages, const chat_reply& reply, const std::vector<std::string>& answers) {
  auto calls = json::array();
  for (auto& call : reply.tool_calls())
    calls.push_back(
        {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  messages.push_back({{"role", "assistant"}, {"content", reply.content()}, {"tool_calls", std::move(calls)}});
  for (size_t i = 0; i < answers.size(); ++i)
    messages.push_back({{"role", "tool"}, {"tool_call_id", reply.tool_calls()[i].id}, {"content", answers[i]}});
}

json chat_body(const llm_settings& config, const json& messages, const json& tools) {
  json out{{"model", config.model}, {"messages", messages}};
  if (config.temperature)
    out["temperature"] = *config.temperature;
  if (config.max_tokens)
    out["max_tokens"] = *config.max_tokens;
  if (config.output)
    out["response_format"] = {{"type", "json_schema"},
                              {"json_schema", {{"name", "output"}, {"schema", config.output->document()}}}};
  if (!tools.is_null())
    out["tools"] = tools;
  if (config.stream) {
    out["stream"] = true;
    out["stream_options"] = {{"include_usage", true}};
  }
  return out;
}

} // namespace troupe
