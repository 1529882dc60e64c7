#include "runtime/policy/error_code_name.hpp"

namespace troupe {

namespace {

constexpr std::string_view prefix = "ERROR_CODE_";

// Not <cctype>: the names are ASCII whatever the locale.
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string error_code_name(errc code) {
  if (!v1::ErrorCode_IsValid(code))
    return "unknown";
  auto name = v1::ErrorCode_Name(code).substr(prefix.size());
  for (auto& c : name)
    c = lower(c);
  return name;
}

std::optional<errc> error_code_from_name(std::string_view name) {
  for (int i = v1::ErrorCode_MIN; i <= v1::ErrorCode_MAX; ++i)
    if (v1::ErrorCode_IsValid(i) && error_code_name(static_cast<errc>(i)) == name)
      return static_cast<errc>(i);
  return std::nullopt;
}

} // namespace troupe
