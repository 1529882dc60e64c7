#include "runtime/language/duration.hpp"

#include <charconv>
#include <cmath>

namespace troupe {

namespace {

std::optional<milliseconds> bounded(double ms) {
  if (!(ms >= 0) || ms > static_cast<double>(longest_duration.count()))
    return std::nullopt;
  return milliseconds{std::llround(ms)};
}

} // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.empty() || text.front() < '0' || text.front() > '9')
    return std::nullopt;
  double value = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  // "1.s" is no number in the schema's eyes either.
  if (code != std::errc{} || *(end - 1) == '.')
    return std::nullopt;
  auto unit = text.substr(static_cast<size_t>(end - text.data()));
  if (unit == "ms")
    return bounded(value);
  if (unit == "s")
    return bounded(value * 1e3);
  if (unit == "m")
    return bounded(value * 60e3);
  if (unit == "h")
    return bounded(value * 3600e3);
  return std::nullopt;
}

std::optional<milliseconds> duration_of_seconds(double seconds) {
  return bounded(seconds * 1e3);
}

} // namespace troupe
