#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "runtime/core/result.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace troupe {

/// What a transport tells about one request. Called on any thread, even within `submit`, one after the other; must
/// neither throw nor block: enqueue to an actor and return.
struct http_callbacks {
  /// Of a request with `stream`: the head of a 2xx response (its body is empty), then the body as it arrives. May be
  /// empty.
  std::function<void(const http_response& head)> on_head;
  std::function<void(std::string_view bytes)> on_body;
  /// Exactly once, the last call. Redirects and failures of the server are responses like any other. Fails with
  ///
  ///     timed_out           the request's timeout is over (retryable)
  ///     unavailable         no connection, or it broke, or the transport ends (retryable)
  ///     cancelled           by `cancel`
  ///     resource_exhausted  the response is too large, or too many requests wait (retryable)
  ///     forbidden           the server could not prove its identity (TLS)
  ///     invalid_input       not a request that can be sent
  std::function<void(result<http_response>)> on_done;
};

/// Sends HTTP requests. Safe to use from any thread.
class http_transport {
public:
  virtual ~http_transport() = default;

  /// Answers the handle for `cancel`. Never blocks.
  virtual uint64_t submit(http_request request, http_callbacks callbacks) = 0;

  /// Aborts a request; its on_done still comes. Unknown handles are ignored.
  virtual void cancel(uint64_t id) = 0;
};

} // namespace troupe
