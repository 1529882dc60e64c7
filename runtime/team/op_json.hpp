#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/team.pb.h"

#include <string>

namespace troupe {

/// Operations as JSON, for agents that speak JSON (process, lua, llm, and `operations` in an output):
///
///     {"op": "ask", "to": "researcher", "content": …, "priority": "high", "timeout_seconds": 30}
///     {"op": "answer", "request": "msg-3", "content": …}
///     {"op": "notify", "to": "editor", "content": …}          without `to`: all teammates
///     {"op": "handoff", "to": "editor", "content": …}
///     {"op": "put", "artifact": "draft", "value": …, "expected_version": 2, "confidence": 0.8}
///     {"op": "get", "artifact": "draft", "version": 1}        without `artifact`: the whole workspace
///     {"op": "decide", "decision": …, "reason": "…", "question": "q-1"}
///     {"op": "question", "question": "…"}
///     {"op": "log", "text": "…"}
///     {"op": "inbox"}
///
/// The message format of the source material is taken too: {"type": "request|response|handoff|feedback|event", …} in
/// place of `op`, with `timeout` for `timeout_seconds` and `in_reply_to` for `request`; a request with
/// `requires_response: false` is a notice, and what else the template has is passed over. Messages may name the
/// `artifacts` that they are about. Other members are refused, with the operation's own.
///
/// Fails with ERROR_CODE_INVALID_INPUT, naming the member and what is expected.
result<v1::TaskOp> parse_operation(const json& x);

/// Whether an output has `operations` to be done: beside `output`, or where one of them looks like one, or there are
/// none. Other data may go by that name.
bool has_operations(const json& output);

/// What such an output yields besides: its `output`, or else what else it has; null when that is nothing.
json beside_operations(const json& output);

/// "ask", "put", …
const char* name_of(const v1::TaskOp& op);

/// {"value": …} or {"error": {"code": "conflict", "message": "…"}}.
json answer_to_json(const v1::OpAnswer& x);

} // namespace troupe
