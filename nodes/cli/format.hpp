#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::cli {

/// "850 ms", "12.3 s", "2 m 05 s", "3 h 04 m", "2 d 01 h".
std::string format_duration(int64_t ms);

/// "512 B", "1.5 KiB", "20 MiB".
std::string format_bytes(uint64_t bytes);

/// Unix milliseconds as "2026-11-21 04:12:07" (UTC); "-" for 0.
std::string format_time(int64_t unix_ms);

/// The text with everything replaced that could move the cursor or recolour a terminal: names and messages come from
/// other machines.
std::string printable(std::string_view text);

/// Columns that a UTF-8 text takes (one per code point).
size_t display_width(std::string_view text);

/// At most `width` columns; ends in "…" when something was cut off.
std::string clip(std::string_view text, size_t width);

} // namespace troupe::cli
