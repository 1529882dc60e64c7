#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/task.pb.h"

#include <string>
#include <string_view>
#include <variant>

namespace troupe {

/// The language of agents of kind `process`: one JSON object per line.
///
///     → {"task_id": "<run>/<task>", "attempt": 1, "idempotency_key": "…", "input": …, "timeout_ms": 0}
///     ← {"task_id": "<run>/<task>", "progress": 0.5}   or a text, or {"fraction": 0.5, "note": "…"}
///     ← {"task_id": "<run>/<task>", "output": …}       and, where the agent says so, `confidence`, `quality`, `usage`
///     ← {"task_id": "<run>/<task>", "error": {"code": "agent_failed", "message": "…", "retryable": false}}
///
/// A task that is a turn of a team has `turn` besides: what the member is told (docs/agents.md). Until its output, it
/// may do operations, each of which is answered by one line:
///
///     ← {"task_id": "<run>/<task>", "op": "ask", "to": "researcher", "content": …, "id": 7}
///     → {"task_id": "<run>/<task>", "answer_to": 7, "value": …}   or   "error": {"code": "deadlock", "message": "…"}
///
/// `id` is whatever the process likes and comes back as it was; the operations are those of runtime/team/op_json.hpp.
///
/// `timeout_ms` 0 is none. `usage` is {tokens_in, tokens_out, usd}. `code` is one of ours in lower case; any other one
/// counts as agent_failed and is kept in the message. Members that nobody knows are ignored.

/// "<run_id>/<task>".
std::string wire_id(const std::string& run_id, uint32_t task);

/// The request, with its line end. Fails with ERROR_CODE_INVALID_INPUT when the input is neither JSON nor text.
result<std::string> encode_request(const v1::Task& task);

/// An answer; identity and timings are missing in the result.
struct process_answer {
  std::string task_id;
  v1::TaskResult result;
};

struct process_progress {
  std::string task_id;
  /// 0..1; negative = unknown.
  double fraction = -1;
  std::string note;
};

struct process_operation {
  std::string task_id;
  /// The `id`, as JSON text; empty when there is none.
  std::string tag;
  /// Without identity; or what is wrong with it.
  result<v1::TaskOp> op;
};

/// A line that is none of ours.
struct process_garbage {
  std::string why;
};

using process_line = std::variant<process_answer, process_progress, process_operation, process_garbage>;

/// What became of an operation, with the line end.
std::string encode_operation_answer(const std::string& task_id, const std::string& tag, const v1::OpAnswer& answer);

process_line parse_line(std::string_view line);

} // namespace troupe
