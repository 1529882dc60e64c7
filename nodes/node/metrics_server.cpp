#include "nodes/node/metrics_server.hpp"

#include <utility> // Boost.Asio 1.74 needs std::exchange and does not include it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <prometheus/collectable.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <pthread.h>

#include <array>
#include <chrono>
#include <iterator>
#include <list>
#include <string>
#include <string_view>
#include <thread>

namespace troupe {

// Not nameless: "patience" and the like have other meanings in the files beside this one.
namespace metrics_http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr size_t max_request = size_t{8} << 10;
constexpr size_t max_sessions = 64;
/// From the connection to the end of the request, and from there to the end of the answer.
constexpr auto patience = std::chrono::seconds{5};
constexpr auto accept_pause = std::chrono::milliseconds{100};

static std::string response(const char* status, const char* type, const std::string& body, bool with_body = true) {
  std::string out = std::string{"HTTP/1.1 "} + status + "\r\nContent-Type: " + type
                    + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n";
  if (with_body)
    out += body;
  return out;
}

static std::string metrics_text(const metrics_server::collectables& from) {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& x : from) {
    auto more = x->Collect();
    families.insert(families.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return prometheus::TextSerializer{}.Serialize(families);
}

static std::string answer(std::string_view request, const metrics_server::collectables& from) {
  const auto line = request.substr(0, request.find("\r\n"));
  const auto method = line.substr(0, line.find(' '));
  if (method != "GET" && method != "HEAD")
    return response("405 Method Not Allowed", "text/plain", "only GET\n");
  auto target = line.substr(std::min(line.size(), method.size() + 1));
  target = target.substr(0, target.find_first_of(" ?"));
  if (target != "/metrics")
    return response("404 Not Found", "text/plain", "there is only /metrics\n");
  return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics_text(from), method == "GET");
}

struct session;
using sessions = std::list<std::shared_ptr<session>>;

/// One connection: request, answer, and the peer's end of it.
struct session : std::enable_shared_from_this<session> {
  session(asio::io_context& io, tcp::socket connection) : socket{std::move(connection)}, deadline{io} {}

  void start(sessions& all, sessions::iterator where, const metrics_server::collectables& from) {
    owner = &all;
    self = where;
    wait();
    asio::async_read_until(socket, asio::dynamic_buffer(request, max_request), "\r\n\r\n",
                           [this, keep = shared_from_this(), &from](const error_code& failed, size_t) {
                             if (failed)
                               return end();
                             text = answer(request, from);
                             wait();
                             write();
                           });
  }

  void wait() {
    deadline.expires_after(patience);
    deadline.async_wait([this, keep = shared_from_this()](const error_code& failed) {
      if (!failed)
        end();
    });
  }

  void write() {
    asio::async_write(socket, asio::buffer(text), [this, keep = shared_from_this()](const error_code& failed, size_t) {
      error_code ignored;
      if (failed || socket.shutdown(tcp::socket::shutdown_send, ignored))
        return end();
      read_to_end();
    });
  }

  /// Closing with something unread would take the answer back.
  void read_to_end() {
    socket.async_read_some(asio::buffer(rest), [this, keep = shared_from_this()](const error_code& failed, size_t) {
      if (failed)
        return end();
      read_to_end();
    });
  }

  void end() {
    error_code ignored;
    deadline.cancel();
    socket.close(ignored);
    if (owner)
      std::exchange(owner, nullptr)->erase(self);
  }

  tcp::socket socket;
  asio::steady_timer deadline;
  std::string request;
  std::string text;
  std::array<char, 1024> rest;
  sessions* owner = nullptr;
  sessions::iterator self;
};

} // namespace metrics_http

struct metrics_server::impl {
  explicit impl(collectables from) : what{std::move(from)} {}

  ~impl() {
    io.stop();
    if (thread.joinable())
      thread.join();
    for (auto& x : open)
      x->owner = nullptr;
  }

  result<void> listen(const address& at) {
    auto fail_with = [&](const metrics_http::error_code& why) {
      return fail(v1::ERROR_CODE_UNAVAILABLE, "cannot listen on " + to_string(at) + ": " + why.message());
    };
    metrics_http::error_code failed;
    metrics_http::tcp::resolver resolver{io};
    auto found = resolver.resolve(at.host, std::to_string(at.port), metrics_http::tcp::resolver::passive, failed);
    if (failed || found.empty())
      return fail_with(failed);
    auto endpoint = found.begin()->endpoint();
    acceptor.open(endpoint.protocol(), failed);
    if (!failed)
      acceptor.set_option(metrics_http::tcp::acceptor::reuse_address(true), failed);
    if (!failed)
      acceptor.bind(endpoint, failed);
    if (!failed)
      acceptor.listen(metrics_http::tcp::acceptor::max_listen_connections, failed);
    if (failed)
      return fail_with(failed);
    bound = {at.host, acceptor.local_endpoint().port()};
    accept();
    thread = std::thread{[this] { run(); }};
    return {};
  }

  void run() {
    pthread_setname_np(pthread_self(), "troupe-metrics");
    while (!io.stopped()) {
      try {
        io.run();
      } catch (const std::exception& x) {
        spdlog::error("metrics thread caught: {}", x.what());
      }
    }
  }

  void accept() {
    acceptor.async_accept([this](const metrics_http::error_code& failed, metrics_http::tcp::socket socket) {
      if (failed) {
        // Out of descriptors, most likely: others will end.
        pause.expires_after(metrics_http::accept_pause);
        pause.async_wait([this](const metrics_http::error_code& cancelled) {
          if (!cancelled)
            accept();
        });
        return;
      }
      if (open.size() >= metrics_http::max_sessions)
        open.front()->end();
      open.push_back(std::make_shared<metrics_http::session>(io, std::move(socket)));
      open.back()->start(open, std::prev(open.end()), what);
      accept();
    });
  }

  collectables what;
  address bound;
  boost::asio::io_context io{1};
  metrics_http::tcp::acceptor acceptor{io};
  boost::asio::steady_timer pause{io};
  metrics_http::sessions open;
  std::thread thread;
};

metrics_server::metrics_server(std::unique_ptr<impl> x) : impl_{std::move(x)} {}

metrics_server::~metrics_server() = default;

result<std::unique_ptr<metrics_server>> metrics_server::listen(const address& at, collectables what) {
  auto x = std::make_unique<impl>(std::move(what));
  if (auto done = x->listen(at); !done)
    return tl::unexpected<error>(done.error());
  return std::unique_ptr<metrics_server>{new metrics_server{std::move(x)}};
}

const address& metrics_server::at() const {
  return impl_->bound;
}

} // namespace troupe
