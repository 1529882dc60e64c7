#include "runtime/link/address.hpp"

#include <charconv>

namespace troupe {

namespace {

tl::unexpected<error> malformed(std::string_view text, const char* why) {
  return fail(v1::ERROR_CODE_INVALID_INPUT, "address \"" + std::string{text.substr(0, 128)} + "\": " + why
                                                + "; expected HOST:PORT, like 127.0.0.1:7400 or [::1]:7400");
}

} // namespace

result<address> parse_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == std::string_view::npos)
    return malformed(text, "the port is missing");
  auto host = text.substr(0, colon);
  auto port = text.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return malformed(text, "an IPv6 address needs brackets");
  if (host.empty())
    return malformed(text, "the host is missing");
  // 253 bytes is the longest name that DNS knows (RFC 1035).
  if (host.size() > 253 || host.find_first_of(" \t\r\n/[]") != std::string_view::npos)
    return malformed(text, "this is no host name");
  address out{std::string{host}, 0};
  auto [end, status] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (status != std::errc{} || end != port.data() + port.size())
    return malformed(text, "the port is no number from 0 to 65535");
  return out;
}

std::string to_string(const address& x) {
  auto port = ':' + std::to_string(x.port);
  return x.host.find(':') == std::string::npos ? x.host + port : '[' + x.host + ']' + port;
}

} // namespace troupe
