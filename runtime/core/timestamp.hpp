#pragma once

#include <cstdint>
#include <string>

namespace troupe {

/// Unix milliseconds as "2026-01-02T10:30:00Z" (UTC; ".123" is added when the milliseconds are not zero).
std::string iso8601(int64_t unix_ms);

} // namespace troupe
