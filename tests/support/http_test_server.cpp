#include "tests/support/http_test_server.hpp"

#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

namespace troupe::test {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

void http_exchange::respond(int status, const std::vector<std::string>& headers, std::string_view body) {
  auto text = "HTTP/1.1 " + std::to_string(status) + " Test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  for (auto& line : headers)
    text += line + "\r\n";
  send(text + "\r\n" + std::string{body});
}

void http_exchange::begin_chunked(int status, const std::vector<std::string>& headers) {
  auto text = "HTTP/1.1 " + std::to_string(status) + " Test\r\nTransfer-Encoding: chunked\r\n";
  for (auto& line : headers)
    text += line + "\r\n";
  send(text + "\r\n");
}

void http_exchange::chunk(std::string_view bytes) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
  send(size + std::string{bytes} + "\r\n");
}

void http_exchange::end_chunked() {
  send("0\r\n\r\n");
}

namespace {

class connection final : public http_exchange {
public:
  explicit connection(tcp::socket socket) : socket_{std::move(socket)} {}

  void send(std::string_view bytes) override {
    boost::system::error_code ec;
    asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), ec);
  }

  bool hold() override {
    char byte = 0;
    boost::system::error_code ec;
    asio::read(socket_, asio::buffer(&byte, 1), ec);
    return ec && !stopped_;
  }

  void reset() override {
    std::lock_guard guard{mutex_};
    boost::system::error_code ec;
    socket_.set_option(asio::socket_base::linger{true, 0}, ec);
    socket_.close(ec);
    open_ = false;
  }

  void close() override {
    std::lock_guard guard{mutex_};
    boost::system::error_code ec;
    socket_.shutdown(tcp::socket::shutdown_both, ec);
    open_ = false;
  }

  /// From another thread: wakes whatever waits on the socket.
  void stop() {
    stopped_ = true;
    std::lock_guard guard{mutex_};
    boost::system::error_code ec;
    socket_.shutdown(tcp::socket::shutdown_both, ec);
  }

  bool open() const {
    return open_ && !stopped_;
  }

  bool read(received_request& out) {
    boost::system::error_code ec;
    auto size = asio::read_until(socket_, asio::dynamic_buffer(buffer_), "\r\n\r\n", ec);
    if (ec)
      return false;
    auto head = buffer_.substr(0, size);
    buffer_.erase(0, size);
    parse(head, out);
    auto* length = find_header(out.headers, "content-length");
    size_t body_size = length ? std::stoul(*length) : 0;
    if (buffer_.size() < body_size) {
      asio::read(socket_, asio::dynamic_buffer(buffer_), asio::transfer_exactly(body_size - buffer_.size()), ec);
      if (ec)
        return false;
    }
    out.body = buffer_.substr(0, body_size);
    buffer_.erase(0, body_size);
    return true;
  }

private:
  static void parse(const std::string& head, received_request& out) {
    size_t start = 0;
    for (auto end = head.find("\r\n"); end != start; end = head.find("\r\n", start)) {
      auto line = head.substr(start, end - start);
      if (start == 0) {
        auto first = line.find(' ');
        auto second = line.find(' ', first + 1);
        out.method = line.substr(0, first);
        out.target = line.substr(first + 1, second - first - 1);
      } else if (auto colon = line.find(':'); colon != std::string::npos) {
        auto value = line.find_first_not_of(' ', colon + 1);
        out.headers.push_back({line.substr(0, colon), value == std::string::npos ? std::string{} : line.substr(value)});
      }
      start = end + 2;
    }
  }

  /// Guards the end of the socket against `stop`.
  std::mutex mutex_;
  tcp::socket socket_;
  std::string buffer_;
  std::atomic<bool> stopped_{false};
  bool open_ = true;
};

} // namespace

struct http_test_server::impl {
  script play;
  asio::io_context io;
  tcp::acceptor acceptor{io, tcp::endpoint{asio::ip::address_v4::loopback(), 0}};
  std::thread accepting;

  mutable std::mutex mutex;
  /// Guarded by `mutex`.
  std::vector<std::shared_ptr<connection>> connections;
  std::vector<std::thread> threads;
  std::vector<received_request> requests;
  bool stopping = false;

  void accept_all() {
    for (;;) {
      tcp::socket socket{io};
      boost::system::error_code ec;
      acceptor.accept(socket, ec);
      std::lock_guard guard{mutex};
      if (ec || stopping)
        return;
      socket.set_option(tcp::no_delay{true}, ec);
      auto peer = std::make_shared<connection>(std::move(socket));
      connections.push_back(peer);
      threads.emplace_back([this, peer] { serve(*peer); });
    }
  }

  void serve(connection& peer) {
    received_request request;
    while (peer.open() && peer.read(request)) {
      {
        std::lock_guard guard{mutex};
        requests.push_back(request);
      }
      play(request, peer);
      request = {};
    }
    if (peer.open())
      peer.close();
  }
};

http_test_server::http_test_server(script s) : impl_{std::make_unique<impl>()} {
  impl_->play = std::move(s);
  impl_->accepting = std::thread{[this] { impl_->accept_all(); }};
}

http_test_server::~http_test_server() {
  {
    std::lock_guard guard{impl_->mutex};
    impl_->stopping = true;
    for (auto& peer : impl_->connections)
      peer->stop();
  }
  // Closing an acceptor does not wake an accept that waits on it; a connection does.
  boost::system::error_code ec;
  tcp::socket waker{impl_->io};
  waker.connect(impl_->acceptor.local_endpoint(), ec);
  impl_->accepting.join();
  for (auto& thread : impl_->threads)
    thread.join();
}

std::string http_test_server::url(std::string_view path) const {
  return "http://127.0.0.1:" + std::to_string(impl_->acceptor.local_endpoint().port()) + std::string{path};
}

size_t http_test_server::connections() const {
  std::lock_guard guard{impl_->mutex};
  return impl_->connections.size();
}

std::vector<received_request> http_test_server::requests() const {
  std::lock_guard guard{impl_->mutex};
  return impl_->requests;
}

} // namespace troupe::test
