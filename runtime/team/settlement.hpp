#pragma once

#include "runtime/core/json.hpp"

#include <optional>
#include <string>

namespace troupe {

/// What a person says to a contested write: {"keep": "current"}, {"keep": "proposed"} or {"value": …}. Nothing where
/// the text is none of these, or nested deeper than an artifact may be.
std::optional<json> read_settlement(const std::string& text);

} // namespace troupe
