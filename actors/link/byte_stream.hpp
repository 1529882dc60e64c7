#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// Bytes over one connected, non-blocking socket. Plain TCP here; TLS is another implementation of the same calls,
/// whose outcomes are those of a non-blocking TLS library. Nothing waits: who is told to wait calls again when the
/// socket is ready. `read` may run beside `write`, but neither beside itself.
class byte_stream {
public:
  enum class outcome { done, want_read, want_write, end, failed };

  struct transferred {
    outcome status = outcome::done;
    size_t bytes = 0;
    /// Of a failure.
    std::string reason;
  };

  virtual ~byte_stream() = default;

  /// Called until `done`, before anything else.
  virtual transferred handshake() = 0;

  virtual transferred read(std::span<char> into) = 0;

  /// Writes the pieces in order, as much as goes; at most 64 pieces.
  virtual transferred write(std::span<const std::string_view> pieces) = 0;
};

/// Makes the stream of a new connection. Does not own the descriptor.
using stream_factory = std::function<std::unique_ptr<byte_stream>(int descriptor, bool accepted)>;

std::unique_ptr<byte_stream> plain_stream(int descriptor);

} // namespace troupe
