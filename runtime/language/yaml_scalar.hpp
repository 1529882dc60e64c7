#pragma once

#include "runtime/core/json.hpp"

#include <string_view>

namespace troupe {

/// A plain (unquoted) scalar by the core schema of YAML 1.2.2, section 10.3.2: `yes` is a string, `0o17` an integer.
/// Integers beyond 64 bits become floating point, as in JSON. `.inf` and `.nan` yield a float that is not finite.
json resolve_plain_scalar(std::string_view text);

} // namespace troupe
