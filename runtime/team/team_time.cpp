#include "runtime/team/team_time.hpp"

#include <chrono>
#include <cstdio>

namespace troupe {

std::string iso_time(int64_t unix_ms) {
  using namespace std::chrono;
  auto at = sys_time<std::chrono::milliseconds>{std::chrono::milliseconds{unix_ms}};
  auto day = floor<days>(at);
  year_month_day date{day};
  hh_mm_ss time{at - day};
  char text[48];
  auto ms = static_cast<int>(time.subseconds().count());
  auto length = std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                              static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                              static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                              static_cast<int>(time.seconds().count()));
  std::string out(text, static_cast<size_t>(length));
  if (ms != 0) {
    std::snprintf(text, sizeof text, ".%03d", ms);
    out += text;
  }
  return out + "Z";
}

} // namespace troupe
