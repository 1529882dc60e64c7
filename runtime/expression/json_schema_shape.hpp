#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <string>

/// What must hold before a schema or a value is given to the validator, which recurses without a bound and matches
/// patterns by backtracking.
namespace troupe::json_schema_shape {

struct facts {
  /// `pattern`, `patternProperties` or `format` occur.
  bool uses_patterns = false;
};

/// Refuses: other than an object or boolean, deeper than 64, `$ref` out of the schema or to nothing, and schemas that
/// apply themselves to the same value for ever.
result<facts> inspect(const json& schema);

/// Empty when `value` can be checked; else the fault, in the form of json_schema::check.
std::string unfit(const json& value, bool uses_patterns);

} // namespace troupe::json_schema_shape
