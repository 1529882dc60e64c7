#pragma once

#include "runtime/agents/http/http_message.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/task.pb.h"

#include <string>
#include <variant>

namespace troupe {

/// The task begins.
struct http_begin {};

/// Status and headers of a 2xx response to a request with `stream`.
struct http_head {
  int status = 0;
  http_headers headers;
};

/// The next bytes of that response's body.
struct http_body_part {
  std::string bytes;
};

/// An `http_response` is the end of an exchange, an `error` its failure below HTTP.
/// What became of an operation is an `OpAnswer`.
using http_event = std::variant<http_begin, http_head, http_body_part, http_response, error, v1::OpAnswer>;

/// Nothing to do until the next event.
struct http_wait {};

/// What to do next: wait, send a request, do an operation of the team's member that the task is for (never while
/// something is open), or end the task. Ids are not filled in.
using http_action = std::variant<http_wait, http_request, v1::TaskOp, v1::TaskResult>;

/// What an agent does over HTTP for one task, as a state machine:
///
///     begin ──▶ request ──▶ [head ──▶ part*] ──▶ response | error ──▶ request … | operation ──▶ its answer … | result
///
/// Pure: whoever owns it does the I/O and keeps the deadline. After a result there are no more events.
class http_session {
public:
  virtual ~http_session() = default;

  virtual http_action step(const http_event& event) = 0;

  /// For people who wait; empty when there is nothing to tell.
  virtual std::string progress() const {
    return {};
  }
};

/// A result for a failure: timed_out and cancelled become the status of that name, everything else `failed`.
v1::TaskResult failed_result(v1::Error failure);

} // namespace troupe
