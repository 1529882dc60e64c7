#include "runtime/team/team_time.hpp"

#include <chrono>

namespace troupe {

namespace {

/// `digits` of them at the least, with zeros in front. Several times as fast as formatting, and a team's every message
/// has a time.
void append_number(std::string& out, int64_t number, size_t digits) {
  auto text = std::to_string(number);
  if (text.size() < digits)
    out.append(digits - text.size(), '0');
  out += text;
}

} // namespace

std::string iso_time(int64_t unix_ms) {
  using namespace std::chrono;
  auto at = sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{unix_ms}};
  auto day = floor<days>(at);
  year_month_day date{day};
  hh_mm_ss time{at - day};
  std::string out;
  out.reserve(sizeof "2026-01-02T10:30:00.250Z");
  append_number(out, static_cast<int>(date.year()), 4);
  out += '-';
  append_number(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_number(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_number(out, time.hours().count(), 2);
  out += ':';
  append_number(out, time.minutes().count(), 2);
  out += ':';
  append_number(out, time.seconds().count(), 2);
  if (auto ms = time.subseconds().count(); ms != 0) {
    out += '.';
    append_number(out, ms, 3);
  }
  return out + 'Z';
}

} // namespace troupe
