#pragma once

#include "runtime/core/result.hpp"
#include "runtime/expression/jsonpath.hpp"

#include <iosfwd>
#include <optional>
#include <string>

namespace troupe::cli {

/// `--select`: which part of an output is printed. Empty text is no selection; ERROR_CODE_INVALID_INPUT for a bad path.
result<std::optional<jsonpath>> read_selection(const std::string& text);

/// Writes a run's output (JSON): a string as it is, anything else as JSON. Fails with ERROR_CODE_EXPRESSION when the
/// selected part is not there; nothing is written then.
result<void> write_output(std::ostream& out, const std::string& bytes, const std::optional<jsonpath>& select);

} // namespace troupe::cli
