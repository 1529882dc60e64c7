#pragma once

#include "actors/link/byte_stream.hpp"
#include "actors/link/link_connection.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/link/address.hpp"
#include "runtime/link/frame.hpp"

#include <functional>
#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace troupe {

struct link_core;

struct link_config {
  /// How this process introduces itself; `protocol` is filled in.
  v1::Hello self;
  frame_limits frames;
  /// Most bytes that wait to be written to one peer.
  size_t write_bound = size_t{128} << 20;
  /// A link is not read while this many bytes of its messages are undealt with.
  size_t read_window = size_t{16} << 20;
  /// Most bytes that all links together hold for messages: not yet complete, not yet dealt with, not yet written.
  /// Beyond it the links that hold the most are closed.
  size_t memory_bound = size_t{512} << 20;
  /// From the first byte to the peer's Hello.
  milliseconds handshake{5'000};
  /// Most accepted links at once, of peers that have introduced themselves …
  size_t max_connections = 1'024;
  /// … and of those that have not yet. One more than that drops the oldest of them.
  size_t max_strangers = 64;
  /// Allows addresses other than loopback without TLS.
  bool insecure_network = false;
  /// The seam for TLS; empty = plain TCP.
  stream_factory secure_stream;
};

/// Names the first value that makes no sense.
result<void> validate(const link_config& config);

/// Whoever can open links.
class link_connector {
public:
  /// Told once, on the I/O thread: the link, or why there is none (unavailable, timed_out, forbidden). What it answers
  /// on success receives the link's messages.
  using connected_handler = std::function<link_receiver(result<link_ptr>)>;

  virtual ~link_connector() = default;

  /// `timeout` covers everything up to the peer's Hello.
  virtual void connect(const address& to, milliseconds timeout, connected_handler handler) = 0;
};

/// All links of a process, on one I/O thread.
class link_transport : public link_connector {
public:
  /// Told of each accepted link, on the I/O thread; what it answers receives the link's messages.
  using accepted_handler = std::function<link_receiver(link_ptr)>;

  /// `metrics` may be null.
  explicit link_transport(link_config config, prometheus::Registry* metrics = nullptr);

  ~link_transport() override;

  link_transport(const link_transport&) = delete;
  link_transport& operator=(const link_transport&) = delete;

  /// Answers the address that it listens on: port 0 becomes a free one. Fails with forbidden (an address other than
  /// loopback, without TLS), unavailable (taken, unknown).
  result<address> listen(const address& at, accepted_handler handler);

  void connect(const address& to, milliseconds timeout, connected_handler handler) override;

  /// Runs `action` on the I/O thread after a while; not at all when the transport stops before.
  void after(milliseconds delay, std::function<void()> action);

  /// Takes no more connections; the links that there are go on.
  void stop_listening();

  /// Closes all links and ends the I/O thread. Not from the I/O thread itself.
  void stop();

private:
  std::shared_ptr<link_core> core_;
};

} // namespace troupe
