#include "runtime/agents/llm/chat_reply.hpp"

#include "runtime/agents/http/http_status.hpp"
#include "runtime/agents/json_text.hpp"

namespace troupe {

namespace {

constexpr size_t max_quote = 200;
constexpr size_t most_tool_calls = 64;

/// The member if it is there and no null.
const json* member(const json& object, const char* name) {
  if (!object.is_object())
    return nullptr;
  auto i = object.find(name);
  return i == object.end() || i->is_null() ? nullptr : &*i;
}

std::string text_of(const json* value) {
  return value && value->is_string() ? value->get<std::string>() : std::string{};
}

uint64_t count_of(const json* value) {
  return value && value->is_number_unsigned() ? value->get<uint64_t>() : 0;
}

/// Servers say `content` as a string, some as a list of {type: "text", text}.
std::string content_of(const json* value) {
  if (!value || !value->is_array())
    return text_of(value);
  std::string out;
  for (auto& part : *value)
    out += text_of(member(part, "text"));
  return out;
}

/// An error in place of an answer, under a status that said nothing of it.
error stream_error(const json& body) {
  auto* what = member(body, "error");
  auto* code = member(*what, "code");
  auto status = code && code->is_number_unsigned() ? code->get<int>() : 500;
  if (status < 400 || status > 599)
    status = 500;
  auto out = chat_error(http_response{status, {}, body.dump()}, 0);
  return error{out.code(), out.message(), out.retryable()};
}

} // namespace

result<json> chat_reply::parse(std::string_view text) const {
  auto value = parse_payload(text);
  if (!value || !value->is_object()) {
    auto why = value ? std::string{"expected an object"} : value.error().message;
    return fail(v1::ERROR_CODE_INVALID_OUTPUT,
                "the server's answer is no chat completion (" + why + "): " + clean_text(text, max_quote)
                    + "; is the base URL that of an OpenAI-compatible API, /v1 included?");
  }
  if (member(*value, "error"))
    return tl::unexpected<error>(stream_error(*value));
  return value;
}

result<void> chat_reply::add_chunk(std::string_view data) {
  if (data == "[DONE]") {
    done_ = true;
    return {};
  }
  auto chunk = parse(data);
  if (!chunk)
    return tl::unexpected<error>(chunk.error());
  add_usage(*chunk);
  auto* choices = member(*chunk, "choices");
  if (choices && choices->is_array() && !choices->empty())
    add_choice(choices->front(), "delta");
  return {};
}

result<void> chat_reply::add_whole(std::string_view body) {
  auto whole = parse(body);
  if (!whole)
    return tl::unexpected<error>(whole.error());
  add_usage(*whole);
  auto* choices = member(*whole, "choices");
  if (!choices || !choices->is_array() || choices->empty())
    return fail(v1::ERROR_CODE_INVALID_OUTPUT, "the server's answer has no choices: " + clean_text(body, max_quote));
  add_choice(choices->front(), "message");
  done_ = true;
  return {};
}

void chat_reply::add_choice(const json& choice, const char* name) {
  if (auto* message = member(choice, name)) {
    auto text = content_of(member(*message, "content"));
    pieces_ += text.empty() ? 0 : 1;
    content_ += text;
    refusal_ += text_of(member(*message, "refusal"));
    if (auto* calls = member(*message, "tool_calls"))
      add_tool_calls(*calls);
  }
  if (auto reason = text_of(member(choice, "finish_reason")); !reason.empty())
    finish_reason_ = std::move(reason);
}

void chat_reply::add_tool_calls(const json& calls) {
  if (!calls.is_array())
    return;
  for (auto& call : calls) {
    // Pieces of a stream say by index which call they belong to; a whole answer has them in order.
    auto* index = member(call, "index");
    auto at = index && index->is_number_unsigned() ? index->get<size_t>() : tool_calls_.size();
    if (at >= most_tool_calls)
      continue;
    if (at >= tool_calls_.size())
      tool_calls_.resize(at + 1);
    auto& out = tool_calls_[at];
    out.id += text_of(member(call, "id"));
    if (auto* function = member(call, "function")) {
      out.name += text_of(member(*function, "name"));
      out.arguments += text_of(member(*function, "arguments"));
    }
  }
}

void chat_reply::add_usage(const json& object) {
  auto* usage = member(object, "usage");
  if (!usage)
    return;
  // Some servers repeat the running total in every chunk: the last one counts.
  tokens_in_ = count_of(member(*usage, "prompt_tokens"));
  tokens_out_ = count_of(member(*usage, "completion_tokens"));
}

v1::Error chat_error(const http_response& response, int64_t now_ms) {
  auto out = http_status_error(response, now_ms);
  auto body = parse_payload(response.body);
  auto* what = body ? member(*body, "error") : nullptr;
  if (!what)
    return out;
  auto code = text_of(member(*what, "code"));
  if (code.empty())
    code = text_of(member(*what, "type"));
  auto is = [&](v1::ErrorCode as, const char* remedy) {
    out.set_code(as);
    out.set_retryable(false);
    out.set_retry_after_ms(0);
    out.set_message(out.message() + "; " + remedy);
  };
  if (code == "insufficient_quota")
    is(v1::ERROR_CODE_RESOURCE_EXHAUSTED, "the account is out of credit, trying again does not help");
  else if (code == "context_length_exceeded")
    is(v1::ERROR_CODE_INVALID_INPUT, "shorten the input or take a model with a larger context");
  else if (code == "model_not_found")
    is(v1::ERROR_CODE_NOT_FOUND, "check the agent's `model`");
  return out;
}

} // namespace troupe
