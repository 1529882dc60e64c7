#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"

#include <string>

/// What must hold before a schema or a value is given to the validator, which recurses without a bound.
namespace troupe::json_schema_shape {

/// Refuses: other than an object or boolean, deeper than 64, more than 5000 parts, `$ref` out of the schema or to
/// nothing, schemas that apply themselves to the same value for ever, patterns that do not compile.
result<void> inspect(const json& schema);

/// Empty when `value` can be checked; else the fault, in the form of json_schema::check.
std::string unfit(const json& value);

} // namespace troupe::json_schema_shape
