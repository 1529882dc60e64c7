#pragma once

#include "runtime/agents/http/http_session.hpp"
#include "runtime/agents/http/settings.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/task.pb.h"

#include <memory>
#include <string>

namespace troupe {

/// Settings of the kind `http`.
struct http_agent_settings {
  std::string url;
  /// POST, PUT or PATCH: the input is the body.
  std::string method = "POST";
  http_headers headers;
  /// Where the bearer token is; both empty = none.
  std::string api_key_env;
  std::string api_key_file;
  size_t max_response_bytes = size_t{8} << 20;

  /// From AgentSpec.config_json. Fails with ERROR_CODE_INVALID_INPUT, naming the setting.
  static result<http_agent_settings> parse(const json& config);
};

/// One task of an `http` agent: one request, with the task's input as body and Idempotency-Key and traceparent as
/// headers.
///
/// A 2xx answer is the output: JSON (checked; may hold a judgement, see take_judgement), text/*, or nothing at all
/// (null). Everything else is a failure, see http_status_error.
class http_agent_session final : public http_session {
public:
  /// `time` must outlive the session.
  http_agent_session(std::shared_ptr<const http_agent_settings> config, std::string api_key, const v1::Task& task,
                     const clock& time);

  http_action step(const http_event& event) override;

private:
  http_request request() const;
  v1::TaskResult answer(const http_response& response) const;

  std::shared_ptr<const http_agent_settings> config_;
  std::string api_key_;
  v1::Payload input_;
  std::string idempotency_key_;
  std::string traceparent_;
  const clock& time_;
};

/// The output that the body of a 2xx response stands for. Fails with ERROR_CODE_INVALID_OUTPUT.
result<v1::Payload> read_payload(const http_response& response);

} // namespace troupe
