#include "actors/link/byte_stream.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace troupe {

namespace {

class plain_byte_stream : public byte_stream {
public:
  explicit plain_byte_stream(int descriptor) : descriptor_{descriptor} {}

  transferred handshake() override {
    return {};
  }

  transferred read(std::span<char> into) override {
    while (true) {
      auto got = ::recv(descriptor_, into.data(), into.size(), MSG_DONTWAIT);
      if (got > 0)
        return {outcome::done, static_cast<size_t>(got), {}};
      if (got == 0)
        return {outcome::end, 0, {}};
      if (errno != EINTR)
        return failure(outcome::want_read);
    }
  }

  transferred write(std::span<const std::string_view> pieces) override {
    std::array<iovec, 64> vectors;
    auto count = std::min(pieces.size(), vectors.size());
    for (size_t i = 0; i < count; ++i)
      vectors[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    msghdr message = {};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    while (true) {
      auto sent = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (sent >= 0)
        return {outcome::done, static_cast<size_t>(sent), {}};
      if (errno != EINTR)
        return failure(outcome::want_write);
    }
  }

private:
  static transferred failure(outcome when_not_ready) {
    if (errno == EAGAIN || errno == EWOULDBLOCK)
      return {when_not_ready, 0, {}};
    return {outcome::failed, 0, std::generic_category().message(errno)};
  }

  int descriptor_;
};

} // namespace

std::unique_ptr<byte_stream> plain_stream(int descriptor) {
  return std::make_unique<plain_byte_stream>(descriptor);
}

} // namespace troupe
