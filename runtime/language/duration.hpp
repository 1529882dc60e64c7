#pragma once

#include "runtime/core/clock.hpp"

#include <optional>
#include <string_view>

namespace troupe {

/// Longest duration a document may name: it must fit the wire's 32 bits of milliseconds.
constexpr milliseconds longest_duration = std::chrono::hours{24 * 30};

/// "500ms", "120s", "1.5m", "1h". Absent when it is something else or longer than `longest_duration`.
std::optional<milliseconds> parse_duration(std::string_view text);

/// Seconds as a number; the same bounds.
std::optional<milliseconds> duration_of_seconds(double seconds);

} // namespace troupe
