#pragma once

#include "runtime/core/lazy_json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/common.pb.h"

namespace troupe {

/// An agent's output as a JSON value: JSON as it is, text as a string, nothing as null. Anything else fails with
/// ERROR_CODE_INVALID_OUTPUT. Does not build the value: a fan-out of 10 000 is checked, not parsed.
result<lazy_json> read_output(const v1::Payload& payload);

} // namespace troupe
