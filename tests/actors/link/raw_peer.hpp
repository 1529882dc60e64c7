#pragma once

#include "runtime/link/address.hpp"
#include "runtime/link/envelope.hpp"
#include "runtime/link/write_queue.hpp"
#include "tests/support/patience.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace troupe::test {

/// A peer that says whatever it likes. Every call ends within five seconds (of a build without sanitizers).
class raw_peer {
public:
  explicit raw_peer(const address& to) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
    timeval limit{patient(std::chrono::seconds{5}).count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_port = htons(to.port);
    ::inet_pton(AF_INET, to.host.c_str(), &at.sin_addr);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0;
  }

  ~raw_peer() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  raw_peer(raw_peer&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, connected_{other.connected_} {}
  raw_peer& operator=(raw_peer&&) = delete;

  bool connected() const {
    return connected_;
  }

  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  bool say(const v1::Envelope& x) {
    write_queue queue;
    queue.push(x.SerializeAsString());
    std::vector<std::string_view> pieces;
    queue.gather(pieces, SIZE_MAX);
    for (auto piece : pieces)
      if (!say(piece))
        return false;
    return true;
  }

  static v1::Envelope hello(const std::string& role, const std::string& name = "raw",
                            const std::string& boot = "raw-1") {
    v1::Envelope out;
    auto& x = *out.mutable_hello();
    x.set_protocol(link_protocol);
    x.set_cluster("test");
    x.set_name(name);
    x.set_boot_id(boot);
    x.set_role(role);
    return out;
  }

  /// The next message; an empty envelope when the other end says nothing, garbage, or is gone.
  v1::Envelope hear() {
    while (heard_.empty()) {
      char buffer[4096];
      auto got = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (got <= 0)
        return {};
      auto fed = decoder_.feed({buffer, static_cast<size_t>(got)}, [this](std::string_view message) {
        heard_.emplace_back().ParseFromArray(message.data(), static_cast<int>(message.size()));
      });
      if (!fed)
        return {};
    }
    auto out = heard_.front();
    heard_.erase(heard_.begin());
    return out;
  }

  /// Reads until the other end closes or resets; false when it does not within the time limit.
  bool hears_the_end() {
    char buffer[4096];
    while (true) {
      auto got = ::recv(fd_, buffer, sizeof(buffer), 0);
      if (got == 0)
        return true;
      if (got < 0)
        return errno != EAGAIN && errno != EWOULDBLOCK;
    }
  }

private:
  int fd_;
  bool connected_ = false;
  frame_decoder decoder_;
  std::vector<v1::Envelope> heard_;
};

} // namespace troupe::test
