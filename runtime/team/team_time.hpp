#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// "2026-01-02T10:30:00Z", with milliseconds where there are any: "2026-01-02T10:30:00.250Z".
std::string iso_time(int64_t unix_ms);

} // namespace troupe
