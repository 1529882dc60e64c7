#pragma once

#include "runtime/core/random.hpp"

#include <string>
#include <string_view>

namespace troupe {

/// The trace id (32 hex digits) of a W3C traceparent, "00-<trace id>-<parent id>-<flags>"; empty when it is not one.
/// https://www.w3.org/TR/trace-context/#traceparent-header
std::string_view trace_id(std::string_view traceparent);

/// The root of a new trace, sampled.
std::string new_traceparent(random_source& random);

} // namespace troupe
