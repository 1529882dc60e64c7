#pragma once

#include "runtime/core/json.hpp"
#include "troupe/v1/task.pb.h"

namespace troupe {

/// What an agent thinks of its own output: members `confidence` and `quality` of an object, where they are numbers
/// within 0..1, become the result's. Anything else says nothing.
void take_judgement(const json& output, v1::TaskResult& result);

} // namespace troupe
