#include "runtime/agents/http/http_status.hpp"

#include "runtime/agents/http/retry_after.hpp"
#include "runtime/agents/json_text.hpp"
#include "runtime/core/json.hpp"

namespace troupe {

namespace {

constexpr size_t max_detail = 400;

struct meaning {
  v1::ErrorCode code;
  bool retryable;
};

meaning meaning_of(int status) {
  switch (status) {
  case 400:
  case 413:
  case 422:
    return {v1::ERROR_CODE_INVALID_INPUT, false};
  case 401:
  case 403:
    return {v1::ERROR_CODE_FORBIDDEN, false};
  case 404:
  case 410:
    return {v1::ERROR_CODE_NOT_FOUND, false};
  case 408:
  case 502:
  case 503:
  case 504:
    return {v1::ERROR_CODE_UNAVAILABLE, true};
  case 429:
    return {v1::ERROR_CODE_RESOURCE_EXHAUSTED, true};
  default:
    return {v1::ERROR_CODE_AGENT_FAILED, status >= 500 && status < 600};
  }
}

const char* remedy_of(int status) {
  if (status == 401 || status == 403)
    return "; check the API key (api_key_env, api_key_file)";
  if (status == 404 || status == 410)
    return "; check the URL";
  if (status == 413)
    return "; send less";
  return "";
}

std::string one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)
      c = ' ';
  return text;
}

const std::string* text_member(const json& object, const char* name) {
  auto i = object.find(name);
  return i != object.end() && i->is_string() ? i->get_ptr<const std::string*>() : nullptr;
}

} // namespace

std::string error_detail(std::string_view body) {
  auto parsed = parse_payload(body);
  if (parsed && parsed->is_object()) {
    auto error = parsed->find("error");
    if (error != parsed->end() && error->is_object())
      if (auto* text = text_member(*error, "message"))
        return one_line(clean_text(*text, max_detail));
    for (auto* name : {"error", "message", "detail", "title"})
      if (auto* text = text_member(*parsed, name))
        return one_line(clean_text(*text, max_detail));
  }
  return one_line(clean_text(body, max_detail));
}

std::string redact(std::string text, std::string_view secret) {
  if (secret.empty())
    return text;
  for (auto i = text.find(secret); i != std::string::npos; i = text.find(secret, i))
    text.replace(i, secret.size(), "…");
  return text;
}

v1::Error http_status_error(const http_response& response, int64_t now_ms) {
  auto [code, retryable] = meaning_of(response.status);
  auto message = "the server answered " + std::to_string(response.status);
  if (response.status >= 300 && response.status < 400) {
    auto* target = find_header(response.headers, "location");
    message += "; redirects are not followed";
    if (target)
      message += ", set the URL to " + one_line(clean_text(*target, max_detail));
  } else {
    if (auto detail = error_detail(response.body); !detail.empty())
      message += ": " + detail;
    message += remedy_of(response.status);
  }
  v1::Error out;
  out.set_code(code);
  out.set_message(std::move(message));
  out.set_retryable(retryable);
  if (auto* value = find_header(response.headers, "retry-after"); value && retryable)
    if (auto wait = parse_retry_after(*value, now_ms))
      out.set_retry_after_ms(static_cast<uint32_t>(wait->count()));
  return out;
}

} // namespace troupe
