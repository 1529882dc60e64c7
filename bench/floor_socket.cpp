#include "bench/floor_socket.hpp"

#include "bench/stopwatch.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <stdexcept>
#include <string>

namespace troupe::bench {

namespace {

constexpr size_t message_bytes = 100;

sockaddr_in loopback(uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

void no_delay(int socket) {
  int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

bool read_all(int socket, char* to, size_t size) {
  while (size > 0) {
    auto n = ::read(socket, to, size);
    if (n <= 0)
      return false;
    to += n;
    size -= static_cast<size_t>(n);
  }
  return true;
}

} // namespace

bare_socket::bare_socket() : echo_{{"--echo"}} {
  auto port = static_cast<uint16_t>(std::stoi(echo_.first_line()));
  socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
  auto to = loopback(port);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) != 0)
    throw std::runtime_error("bare socket: cannot connect to its own child");
  no_delay(socket_);
}

bare_socket::~bare_socket() {
  ::close(socket_);
}

std::vector<double> bare_socket::round_trips(size_t count) {
  std::array<char, message_bytes> message{};
  std::vector<double> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    stopwatch watch;
    if (::write(socket_, message.data(), message.size()) != static_cast<ssize_t>(message.size())
        || !read_all(socket_, message.data(), message.size()))
      throw std::runtime_error("bare socket: broken");
    out.push_back(watch.seconds());
  }
  return out;
}

int echo_main() {
  auto listener = ::socket(AF_INET, SOCK_STREAM, 0);
  auto at = loopback(0);
  socklen_t size = sizeof(at);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(listener, 1) != 0
      || ::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    return 1;
  std::printf("%u\n", static_cast<unsigned>(ntohs(at.sin_port)));
  std::fflush(stdout);
  auto peer = ::accept(listener, nullptr, nullptr);
  no_delay(peer);
  std::array<char, message_bytes> message{};
  while (read_all(peer, message.data(), message.size()))
    if (::write(peer, message.data(), message.size()) != static_cast<ssize_t>(message.size()))
      return 1;
  return 0;
}

} // namespace troupe::bench
