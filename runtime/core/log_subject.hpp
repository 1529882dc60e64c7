#pragma once

#include "runtime/core/json.hpp"
#include "troupe/v1/task.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// What a log line is about goes in front of its words: "[run=r1 task=3 attempt=2 trace_id=4bf9…] agent w …". So it can
/// be searched in a text log, and a JSON log makes members of it. No other line begins with "[run=".

/// About a run; without a trace where `traceparent` is none.
std::string about(std::string_view run_id, std::string_view traceparent);

/// About one attempt of a task.
std::string about(const v1::Task& task);
std::string about(std::string_view run_id, uint32_t task, uint32_t attempt, std::string_view traceparent);

/// A line as the members of a JSON log: run, task, attempt and trace_id, as far as it names them, and the message.
json split_subject(std::string_view line);

} // namespace troupe
