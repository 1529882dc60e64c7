#pragma once

#include "runtime/core/result.hpp"
#include "runtime/link/envelope.hpp"
#include "troupe/v1/link.pb.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace troupe {

enum class send_status {
  /// Written, or queued to be; whether it arrives only an answer tells.
  sent,
  /// The peer does not read fast enough: more bytes wait than the link's bound allows.
  full,
  /// Above the longest message that a peer reads.
  too_large,
  /// The link is gone.
  closed,
};

/// The messages of one read, in order. Whoever holds it holds the link's read window: release it once its messages are
/// dealt with, or the link stops reading.
struct link_batch {
  std::vector<v1::Envelope> messages;
};

using link_batch_ptr = std::shared_ptr<link_batch>;

/// What a link's owner hears, always on the I/O thread: hand it on, never work or block there.
struct link_receiver {
  std::function<void(link_batch_ptr)> on_messages;
  /// The last call. The reason is the peer's where it gave one.
  std::function<void(const error&)> on_closed;
};

struct send_options {
  /// Overtakes what waits: for signs of life.
  bool urgent = false;
  /// The caller sends more at once: wait a little, so that one system call writes it all.
  bool more = false;
};

/// One end of a connection between two processes, after both have introduced themselves. All members may be called by
/// any thread.
class link_connection {
public:
  virtual ~link_connection() = default;

  virtual const v1::Hello& peer() const = 0;

  /// Of this process; what messages to it must be addressed to.
  virtual const std::string& own_boot_id() const = 0;

  /// Writes one serialised envelope; from the calling thread when nothing waits.
  virtual send_status write(std::string_view envelope, send_options options = {}) = 0;

  /// Ends the link: what is queued still goes out (within a second), then the peer sees the end. `on_closed` follows.
  virtual void close(error reason) = 0;

  /// Unique among the messages of this process.
  virtual uint64_t next_id() = 0;
};

using link_ptr = std::shared_ptr<link_connection>;

/// An envelope without a body, addressed to the peer; `correlation` is the id of the request that it answers.
v1::Envelope envelope_head(link_connection& to, uint64_t correlation = 0);

/// Sends `body` under `head`; nothing is copied but the bytes on the wire.
send_status send_message(link_connection& to, const v1::Envelope& head, int field,
                         const google::protobuf::MessageLite& body, send_options options = {});

template <class T>
send_status send(link_connection& to, const v1::Envelope& head, const T& body, send_options options = {}) {
  static_assert(envelope_field<T> != 0, "an envelope carries no such message");
  return send_message(to, head, envelope_field<T>, body, options);
}

/// Sends `body` as a message of its own, or as the answer to `correlation`.
template <class T>
send_status send(link_connection& to, uint64_t correlation, const T& body, send_options options = {}) {
  return send(to, envelope_head(to, correlation), body, options);
}

} // namespace troupe
