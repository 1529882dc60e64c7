#pragma once

#include <nlohmann/json.hpp>

namespace troupe {

/// Members are kept sorted, so equal values have equal text.
using json = nlohmann::json;

} // namespace troupe
