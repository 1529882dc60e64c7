#include "runtime/agents/http/http_agent_session.hpp"

#include "runtime/agents/http/http_status.hpp"
#include "runtime/agents/http/judgement.hpp"
#include "runtime/agents/json_text.hpp"

#include <utility>

namespace troupe {

namespace {

bool is_json(std::string_view type) {
  return type == "application/json" || type.ends_with("+json");
}

v1::Payload make_payload(std::string_view content_type, std::string data) {
  v1::Payload out;
  out.set_content_type(std::string{content_type});
  out.set_data(std::move(data));
  return out;
}

std::string content_type_of(const v1::Payload& input) {
  if (input.content_type().empty())
    return "application/json";
  if (input.content_type() == "text/plain")
    return "text/plain; charset=utf-8";
  return is_header_value(input.content_type()) ? input.content_type() : "application/octet-stream";
}

} // namespace

result<http_agent_settings> http_agent_settings::parse(const json& config) {
  settings in{config};
  http_agent_settings out;
  out.url = in.text("url");
  if (out.url.empty())
    in.blame("url", "missing; an http agent needs the URL that its tasks go to");
  else if (auto fault = url_fault(out.url))
    in.blame("url", *fault);
  out.method = in.text("method", "POST");
  if (out.method != "POST" && out.method != "PUT" && out.method != "PATCH")
    in.blame("method", "expected POST, PUT or PATCH, for the task's input is sent as the body");
  out.headers = in.headers("headers");
  out.api_key_env = in.text("api_key_env");
  out.api_key_file = in.text("api_key_file");
  out.max_response_bytes = in.count("max_response_bytes", out.max_response_bytes, 1, uint64_t{64} << 20);
  if (auto ok = in.check(); !ok)
    return tl::unexpected<error>(ok.error());
  return out;
}

result<v1::Payload> read_payload(const http_response& response) {
  auto type = media_type(response.headers);
  auto& body = response.body;
  if (body.empty())
    return make_payload("application/json", "null");
  auto guess = type.empty();
  if (is_json(type) || guess) {
    auto fault = check_json(body);
    if (!fault)
      return make_payload("application/json", body);
    if (!guess)
      return fail(v1::ERROR_CODE_INVALID_OUTPUT, "the server answered " + type + " that is not valid JSON: byte "
                                                     + std::to_string(fault->offset) + ": " + fault->what);
  }
  if (type.starts_with("text/") || guess) {
    if (auto fault = check_utf8(body))
      return fail(v1::ERROR_CODE_INVALID_OUTPUT,
                  "the server's answer is not UTF-8 text: byte " + std::to_string(fault->offset));
    return make_payload("text/plain", body);
  }
  return fail(v1::ERROR_CODE_INVALID_OUTPUT,
              "the server answered with content type " + clean_text(type, 100) + "; expected application/json or text");
}

http_agent_session::http_agent_session(std::shared_ptr<const http_agent_settings> config, std::string api_key,
                                       const v1::Task& task, const clock& time)
    : config_{std::move(config)}, api_key_{std::move(api_key)}, input_{task.input()},
      idempotency_key_{task.idempotency_key()}, traceparent_{task.traceparent()}, time_{time} {}

http_action http_agent_session::step(const http_event& event) {
  if (std::holds_alternative<http_begin>(event))
    return request();
  if (auto* response = std::get_if<http_response>(&event))
    return answer(*response);
  if (auto* failure = std::get_if<error>(&event))
    return failed_result(failure->to_proto());
  return http_wait{};
}

http_request http_agent_session::request() const {
  http_request out;
  out.method = config_->method;
  out.url = config_->url;
  out.body = input_.data();
  if (out.body.empty() && input_.content_type().empty())
    out.body = "null";
  out.max_response_bytes = config_->max_response_bytes;
  out.headers = config_->headers;
  auto set = [&out](const char* name, std::string value) {
    if (!value.empty() && is_header_value(value) && !find_header(out.headers, name))
      out.headers.push_back({name, std::move(value)});
  };
  set("Content-Type", content_type_of(input_));
  set("Accept", "application/json, text/*;q=0.5");
  set("Idempotency-Key", idempotency_key_);
  set("traceparent", traceparent_);
  if (!api_key_.empty())
    set("Authorization", "Bearer " + api_key_);
  return out;
}

v1::TaskResult http_agent_session::answer(const http_response& response) const {
  if (response.status < 200 || response.status > 299) {
    auto failure = http_status_error(response, time_.wall_ms());
    failure.set_message(redact(failure.message(), api_key_));
    return failed_result(std::move(failure));
  }
  auto output = read_payload(response);
  if (!output)
    return failed_result(output.error().to_proto());
  v1::TaskResult out;
  out.set_status(v1::TASK_STATUS_SUCCESS);
  if (output->content_type() == "application/json")
    if (auto value = parse_payload(output->data()))
      take_judgement(*value, out);
  *out.mutable_output() = std::move(*output);
  return out;
}

} // namespace troupe
