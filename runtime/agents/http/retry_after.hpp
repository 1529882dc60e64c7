#pragma once

#include "runtime/core/clock.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe {

/// No server makes us wait longer than this.
inline constexpr milliseconds max_retry_after{std::chrono::hours{1}};

/// The wait that a Retry-After header asks for (RFC 9110, section 10.2.3): seconds, or a date in one of the three forms
/// of section 5.6.7 measured against `now_ms` (Unix time). A date in the past is no wait. Nothing when it is neither.
std::optional<milliseconds> parse_retry_after(std::string_view value, int64_t now_ms);

} // namespace troupe
