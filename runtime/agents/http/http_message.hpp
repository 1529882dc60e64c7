#pragma once

#include "runtime/core/clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

struct http_header {
  std::string name;
  std::string value;
};

using http_headers = std::vector<http_header>;

/// The first header of that name (names compare without case), or null.
const std::string* find_header(const http_headers& headers, std::string_view name);

/// The media type of Content-Type in lower case without its parameters: "application/json". Empty when there is none.
std::string media_type(const http_headers& headers);

/// Nothing that ends a header line early: visible ASCII, space and tab, or bytes above 0x7F.
bool is_header_value(std::string_view text);

/// A token of RFC 9110, section 5.6.2.
bool is_header_name(std::string_view text);

/// One request as a value. Whoever sends it decides about connections and TLS.
struct http_request {
  std::string method = "POST";
  /// http or https.
  std::string url;
  http_headers headers;
  std::string body;
  /// Bound on the whole exchange, from submission to the last byte.
  milliseconds timeout{60'000};
  /// Of the body. A longer one fails with ERROR_CODE_RESOURCE_EXHAUSTED.
  size_t max_response_bytes = size_t{8} << 20;
  /// Hand over the head and the body of a 2xx response as they arrive.
  bool stream = false;
};

struct http_response {
  int status = 0;
  http_headers headers;
  /// Empty when it was handed over in parts.
  std::string body;
};

} // namespace troupe
