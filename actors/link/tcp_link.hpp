#pragma once

#include "actors/link/link_core.hpp"
#include "runtime/link/write_queue.hpp"

#include <chrono>
#include <optional>

namespace troupe {

/// One connection. The write side is under a mutex and used by any thread; the rest belongs to the I/O thread.
/// For the .cpp files of this folder only.
///
///     securing ──> introducing ──> open ──> closing ──> gone
///         └──────────────┴───────────┴────────┴──────────^   (reset, deadline, stop)
class tcp_link final : public link_connection, public std::enable_shared_from_this<tcp_link> {
public:
  /// Told once: this link when it is open, else why it did not get there.
  using opened_handler = std::function<link_receiver(result<link_ptr>)>;

  tcp_link(std::shared_ptr<link_core> core, tcp::socket socket, bool accepted, opened_handler handler);

  ~tcp_link() override;

  const v1::Hello& peer() const override {
    return peer_;
  }

  const std::string& own_boot_id() const override {
    return core_->config.self.boot_id();
  }

  uint64_t next_id() override {
    return core_->last_id.fetch_add(1, std::memory_order_relaxed) + 1;
  }

  send_status write(std::string_view envelope, send_options options) override;
  void close(error reason) override;

  /// I/O thread: begins the handshake, which must end within `deadline`.
  void start(milliseconds deadline);

  /// Bytes held for messages of this link.
  size_t holds() const {
    return unread_ + undealt_ + unwritten_;
  }

  /// I/O thread: ends at once; nothing more is written.
  void drop(const error& reason);

private:
  enum class phase { securing, introducing, open, closing, gone };

  void secure();
  void introduce();
  void open(const v1::Envelope& first);
  void wait_readable();
  void read_some();
  /// False when the link is no longer to be read.
  bool take(std::string_view bytes, link_batch& batch);
  void deliver(std::unique_ptr<link_batch> batch, size_t bytes);
  void release(size_t bytes);
  /// Takes note of what one of the parts of `holds` has become.
  void hold(std::atomic<size_t>& part, size_t bytes);
  /// Tells the peer why, then closes.
  void refuse(const error& reason);
  /// Stops reading into the owner, lets the queue drain, then ends the connection.
  void linger(const error& reason);
  void finish_writing();
  void tell_closed(const error& reason);
  void arm_deadline(std::chrono::steady_clock::time_point due, error reason);
  void disarm_deadline();
  void leave_strangers();

  /// Under the mutex. Writes until nothing waits or the socket is full.
  void flush();
  void wait_writable();

  std::shared_ptr<link_core> core_;
  tcp::socket socket_;
  std::unique_ptr<byte_stream> stream_;
  asio::steady_timer deadline_;
  bool accepted_;
  bool counted_ = false;
  std::optional<std::list<std::weak_ptr<tcp_link>>::iterator> stranger_;
  phase phase_ = phase::securing;
  opened_handler opened_;
  link_receiver receiver_;
  frame_decoder decoder_;
  v1::Hello peer_;
  /// Bytes of batches that nobody has released yet, and whether reading waits for that.
  std::atomic<size_t> undealt_{0};
  /// Bytes of messages that are not complete.
  std::atomic<size_t> unread_{0};
  /// Bytes that wait to be written; changed under the mutex.
  std::atomic<size_t> unwritten_{0};
  std::atomic<bool> paused_{false};

  std::mutex mutex_;
  write_queue queue_;
  std::vector<std::string_view> pieces_;
  /// Whether owners may write; the link's own last words still go out when they may not.
  bool writable_ = false;
  bool socket_closed_ = false;
  bool waits_writable_ = false;
  bool flush_posted_ = false;
};

} // namespace troupe
