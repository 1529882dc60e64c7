#pragma once

#include "runtime/core/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// Where a node listens.
struct address {
  /// A name, an IPv4 or an IPv6 address (without brackets).
  std::string host;
  uint16_t port = 0;
};

/// Reads "host:port" or "[v6]:port". Fails with invalid_input, naming the form that was expected.
result<address> parse_address(std::string_view text);

std::string to_string(const address& x);

} // namespace troupe
