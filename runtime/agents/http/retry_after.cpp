#include "runtime/agents/http/retry_after.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string>

namespace troupe {

namespace {

/// A longer value is no date and no sensible number.
constexpr size_t max_length = 40;

struct date_fields {
  int year = 0;
  char month[4] = {};
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
};

std::optional<int> month_number(std::string_view name) {
  static constexpr std::array<std::string_view, 12> names = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  auto i = std::find(names.begin(), names.end(), name);
  if (i == names.end())
    return std::nullopt;
  return static_cast<int>(i - names.begin()) + 1;
}

int current_century_year(int64_t now_ms) {
  namespace chr = std::chrono;
  auto today = chr::floor<chr::days>(chr::sys_time<milliseconds>{milliseconds{now_ms}});
  return static_cast<int>(chr::year_month_day{today}.year());
}

bool matches_whole(const char* text, int fields, int expected, int consumed) {
  return fields == expected && consumed > 0 && text[consumed] == '\0';
}

std::optional<date_fields> split_date(const char* text, int64_t now_ms) {
  date_fields x;
  int end = 0;
  // IMF-fixdate: Sun, 06 Nov 1994 08:49:37 GMT
  auto n = std::sscanf(text, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &x.day, x.month, &x.year, &x.hour,
                       &x.minute, &x.second, &end);
  if (matches_whole(text, n, 6, end))
    return x;
  // RFC 850: Sunday, 06-Nov-94 08:49:37 GMT
  end = 0;
  n = std::sscanf(text, "%*9[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &x.day, x.month, &x.year, &x.hour,
                  &x.minute, &x.second, &end);
  if (matches_whole(text, n, 6, end)) {
    // More than 50 years ahead means the past, says section 5.6.7.
    auto now = current_century_year(now_ms);
    x.year += now / 100 * 100;
    if (x.year > now + 50)
      x.year -= 100;
    return x;
  }
  // asctime: Sun Nov  6 08:49:37 1994
  end = 0;
  n = std::sscanf(text, "%*3[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", x.month, &x.day, &x.hour, &x.minute, &x.second,
                  &x.year, &end);
  if (matches_whole(text, n, 6, end))
    return x;
  return std::nullopt;
}

std::optional<int64_t> date_to_ms(const date_fields& x) {
  namespace chr = std::chrono;
  auto month = month_number(x.month);
  // A leap second is allowed.
  if (!month || x.hour < 0 || x.hour > 23 || x.minute < 0 || x.minute > 59 || x.second < 0 || x.second > 60)
    return std::nullopt;
  auto date = chr::year{x.year} / *month / x.day;
  if (!date.ok())
    return std::nullopt;
  auto since_epoch =
      chr::sys_days{date}.time_since_epoch() + chr::hours{x.hour} + chr::minutes{x.minute} + chr::seconds{x.second};
  return chr::duration_cast<milliseconds>(since_epoch).count();
}

} // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value, int64_t now_ms) {
  auto first = value.find_first_not_of(" \t");
  if (first == std::string_view::npos)
    return std::nullopt;
  std::string text{value.substr(first, value.find_last_not_of(" \t") - first + 1)};
  if (text.size() > max_length)
    return std::nullopt;
  if (text.find_first_not_of("0123456789") == std::string::npos) {
    // Nine digits are more than any bound here, and fit.
    if (text.size() > 9)
      return max_retry_after;
    return std::min<milliseconds>(std::chrono::seconds{std::stol(text)}, max_retry_after);
  }
  auto fields = split_date(text.c_str(), now_ms);
  auto at_ms = fields ? date_to_ms(*fields) : std::nullopt;
  if (!at_ms)
    return std::nullopt;
  return std::clamp(milliseconds{*at_ms - now_ms}, milliseconds{0}, max_retry_after);
}

} // namespace troupe
