#include "runtime/core/timestamp.hpp"

#include <chrono>
#include <cstdio>

namespace troupe {

std::string iso8601(int64_t unix_ms) {
  using namespace std::chrono;
  sys_time<milliseconds> when{milliseconds{unix_ms}};
  auto day = floor<days>(when);
  year_month_day date{day};
  hh_mm_ss time{when - day};
  char text[40];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", int{date.year()}, unsigned{date.month()},
                unsigned{date.day()}, static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  std::string out{text};
  if (auto millis = time.subseconds().count(); millis != 0) {
    std::snprintf(text, sizeof text, ".%03d", static_cast<int>(millis));
    out += text;
  }
  return out + 'Z';
}

} // namespace troupe
