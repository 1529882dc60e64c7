#include "nodes/cli/format.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>

namespace troupe::cli {

namespace {

bool continues_a_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

} // namespace

std::string format_duration(int64_t ms) {
  if (ms < 0)
    ms = 0;
  if (ms < 1'000)
    return fmt::format("{} ms", ms);
  if (ms < 60'000)
    return fmt::format("{}.{} s", ms / 1'000, ms % 1'000 / 100);
  auto seconds = ms / 1'000;
  if (seconds < 3'600)
    return fmt::format("{} m {:02} s", seconds / 60, seconds % 60);
  auto minutes = seconds / 60;
  if (minutes < 24 * 60)
    return fmt::format("{} h {:02} m", minutes / 60, minutes % 60);
  auto hours = minutes / 60;
  return fmt::format("{} d {:02} h", hours / 24, hours % 24);
}

std::string format_bytes(uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1'024)
    return fmt::format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1'024 && unit + 1 < units.size()) {
    value /= 1'024;
    ++unit;
  }
  return value < 10 ? fmt::format("{:.1f} {}", value, units[unit]) : fmt::format("{:.0f} {}", value, units[unit]);
}

std::string format_time(int64_t unix_ms) {
  if (unix_ms == 0)
    return "-";
  using namespace std::chrono;
  auto point = sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{unix_ms}};
  auto day = floor<days>(point);
  auto date = year_month_day{day};
  auto time = hh_mm_ss{floor<seconds>(point - day)};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == '\n' || c == '\t') {
      out += ' ';
    } else if (c < 0x20 || c == 0x7F) {
      out += '?';
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      // U+0080 to U+009F: control characters again, "CSI" among them.
      out += '?';
      ++i;
    } else {
      out += text[i];
    }
  }
  return out;
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (auto c : text)
    width += continues_a_code_point(c) ? 0 : 1;
  return width;
}

std::string clip(std::string_view text, size_t width) {
  if (display_width(text) <= width)
    return std::string{text};
  if (width == 0)
    return {};
  size_t bytes = 0;
  size_t columns = 0;
  while (bytes < text.size() && (columns < width - 1 || continues_a_code_point(text[bytes]))) {
    columns += continues_a_code_point(text[bytes]) ? 0 : 1;
    ++bytes;
  }
  return std::string{text.substr(0, bytes)} + "…";
}

} // namespace troupe::cli
