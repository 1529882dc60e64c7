#pragma once

#include "troupe/v1/task.pb.h"

#include <cstddef>

namespace troupe {

/// What an agent may answer.
struct output_limits {
  size_t max_bytes = size_t{8} << 20;
  size_t max_depth = 64;
};

/// Makes an agent's result fit to travel, whatever the agent made of it: a status that says what happened, an error
/// where there is a failure and nowhere else, strings that are UTF-8, confidence and quality within 0..1, no negative
/// cost. A successful result without bytes becomes JSON null. An output that is too large (RESOURCE_EXHAUSTED) or not
/// what its content type says (INVALID_OUTPUT) turns the result into a failure.
void check_result(v1::TaskResult& x, const output_limits& limits);

} // namespace troupe
