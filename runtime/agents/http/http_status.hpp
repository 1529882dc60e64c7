#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "troupe/v1/common.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// What a response that is not 2xx means for a task:
///
///     400 413 422      invalid_input       the same task will fail again
///     401 403          forbidden
///     404 410          not_found
///     408 502 503 504  unavailable         retryable
///     429              resource_exhausted  retryable
///     other 5xx        agent_failed        retryable
///     everything else  agent_failed
///
/// Retry-After of a retryable one goes to `retry_after_ms`, measured against `now_ms` (Unix time). The message quotes
/// what the body says.
v1::Error http_status_error(const http_response& response, int64_t now_ms);

/// What an error body says, in one bounded line: the usual places of a JSON body ({error: {message}}, {error: "…"},
/// {message}, {detail}, {title}), else its beginning.
std::string error_detail(std::string_view body);

/// Takes a secret out of a text that others will read: servers echo what they were sent.
std::string redact(std::string text, std::string_view secret);

} // namespace troupe
