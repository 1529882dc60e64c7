#pragma once

#include <utility> // Boost.Asio 1.74 needs std::exchange and does not include it

#include "actors/link/link_probe.hpp"
#include "actors/link/link_transport.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

namespace troupe {

namespace asio = boost::asio;
using asio::ip::tcp;

class link_dialer;
class tcp_link;

/// What the links of a process share. Kept alive by every link, so that a link can be used (and answers `closed`) after
/// the transport is gone. Members without a comment belong to the I/O thread. For the .cpp files of this folder only.
struct link_core : std::enable_shared_from_this<link_core> {
  link_core(link_config cfg, prometheus::Registry* metrics);

  /// Any thread.
  const link_config config;
  link_probe probe;
  std::atomic<uint64_t> last_id{0};
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::atomic<bool> stopped{false};
  /// Bytes that links hold for messages; see link_config::memory_bound.
  std::atomic<size_t> held{0};
  std::thread thread;
  std::mutex stopping;

  /// Every link that has a socket.
  std::unordered_set<std::shared_ptr<tcp_link>> links;
  /// Accepted, not yet introduced; oldest first.
  std::list<std::weak_ptr<tcp_link>> strangers;
  size_t accepted_open = 0;
  /// What all links read into: a message is parsed or copied before the next read.
  std::vector<char> read_buffer = std::vector<char>(size_t{256} << 10);

  struct listener {
    tcp::acceptor acceptor;
    link_transport::accepted_handler handler;
  };
  std::vector<std::shared_ptr<listener>> listeners;
  std::unordered_set<std::shared_ptr<asio::steady_timer>> timers;
  std::unordered_set<std::shared_ptr<link_dialer>> dialers;

  void run();
  void accept(std::shared_ptr<listener> from);
  void after(milliseconds delay, std::function<void()> action);
  void connect(const address& to, milliseconds timeout, link_connector::connected_handler handler);
  /// Drops links until what they hold is within its bound.
  void relieve();
  /// Closes everything; the I/O thread's last act.
  void close_all();

  bool is_secure() const {
    return static_cast<bool>(config.secure_stream);
  }
};

/// Whether `at` may be used without TLS: loopback, or the operator has said that he knows.
result<void> check_exposure(const link_core& core, const asio::ip::address& at);

} // namespace troupe
