#pragma once

#include "runtime/core/json.hpp"
#include "runtime/expression/json_schema.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// The JSON in what a model said: the whole text, else what the first code fence holds, else from the first bracket to
/// the last one that matches it in kind. Fails with ERROR_CODE_INVALID_OUTPUT, saying what was found.
result<json> extract_json(std::string_view text);

/// What a model's answer is worth under a schema: the value, or the faults to tell the model.
struct checked_output {
  json value;
  /// Empty: the value fits.
  std::vector<std::string> faults;
};

checked_output check_output(std::string_view text, const json_schema& schema);

} // namespace troupe
