#include "runtime/language/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

namespace troupe {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

template <class Predicate>
size_t skip(std::string_view s, size_t i, Predicate matches) {
  while (i < s.size() && matches(s[i]))
    ++i;
  return i;
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_number(std::string_view s, bool& integral) {
  size_t i = !s.empty() && (s[0] == '-' || s[0] == '+') ? 1 : 0;
  auto begin = i;
  i = skip(s, i, is_digit);
  auto digits = i - begin;
  integral = i == s.size() && digits > 0;
  if (i < s.size() && s[i] == '.') {
    auto fraction = skip(s, i + 1, is_digit);
    if (digits == 0 && fraction == i + 1)
      return false;
    i = fraction;
  } else if (digits == 0) {
    return false;
  }
  if (i < s.size() && (s[i] == 'e' || s[i] == 'E')) {
    ++i;
    if (i < s.size() && (s[i] == '-' || s[i] == '+'))
      ++i;
    auto exponent = skip(s, i, is_digit);
    if (exponent == i)
      return false;
    i = exponent;
  }
  return i == s.size();
}

json real(std::string_view s) {
  if (s.starts_with('+'))
    s.remove_prefix(1);
  double value = 0;
  auto [end, code] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (code == std::errc::result_out_of_range) {
    // Too small is zero, too large is infinite; from_chars does not tell which.
    auto exponent = s.find_first_of("eE");
    auto tiny = exponent != std::string_view::npos && exponent + 1 < s.size() && s[exponent + 1] == '-';
    return tiny ? 0.0 : std::numeric_limits<double>::infinity();
  }
  return value;
}

json integer(std::string_view s, int base) {
  auto digits = s.starts_with('+') ? s.substr(1) : s;
  if (digits.starts_with('-')) {
    int64_t value = 0;
    auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    return code == std::errc{} ? json(value) : real(s);
  }
  uint64_t value = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (code == std::errc{})
    return value;
  if (base == 10)
    return real(s);
  double wide = 0;
  for (auto c : digits)
    wide = wide * base + (is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
  return wide;
}

std::optional<int> radix(std::string_view s) {
  if (s.size() < 3)
    return std::nullopt;
  auto rest = s.substr(2);
  auto octal = [](char c) { return c >= '0' && c <= '7'; };
  auto hex = [](char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); };
  if (s.starts_with("0o") && std::all_of(rest.begin(), rest.end(), octal))
    return 8;
  if (s.starts_with("0x") && std::all_of(rest.begin(), rest.end(), hex))
    return 16;
  return std::nullopt;
}

} // namespace

json resolve_plain_scalar(std::string_view s) {
  if (s.empty() || s == "~" || s == "null" || s == "Null" || s == "NULL")
    return nullptr;
  if (s == "true" || s == "True" || s == "TRUE")
    return true;
  if (s == "false" || s == "False" || s == "FALSE")
    return false;
  if (auto base = radix(s))
    return integer(s.substr(2), *base);
  bool integral = false;
  if (is_number(s, integral))
    return integral ? integer(s, 10) : real(s);
  auto unsigned_part = s[0] == '-' || s[0] == '+' ? s.substr(1) : s;
  if (unsigned_part == ".inf" || unsigned_part == ".Inf" || unsigned_part == ".INF")
    return std::numeric_limits<double>::infinity();
  if (s == ".nan" || s == ".NaN" || s == ".NAN")
    return std::numeric_limits<double>::quiet_NaN();
  return std::string{s};
}

} // namespace troupe
