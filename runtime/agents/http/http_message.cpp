#include "runtime/agents/http/http_message.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// ASCII only, whatever the locale.
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

const std::string* find_header(const http_headers& headers, std::string_view name) {
  for (auto& header : headers)
    if (std::equal(header.name.begin(), header.name.end(), name.begin(), name.end(),
                   [](char a, char b) { return lower(a) == lower(b); }))
      return &header.value;
  return nullptr;
}

std::string media_type(const http_headers& headers) {
  auto* value = find_header(headers, "content-type");
  if (!value)
    return {};
  auto type = value->substr(0, value->find(';'));
  auto first = type.find_first_not_of(" \t");
  if (first == std::string::npos)
    return {};
  type = type.substr(first, type.find_last_not_of(" \t") - first + 1);
  std::transform(type.begin(), type.end(), type.begin(), lower);
  return type;
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool is_header_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

} // namespace troupe
