#pragma once

#include "runtime/agents/http/http_message.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::test {

/// What the server was sent.
struct received_request {
  std::string method;
  std::string target;
  http_headers headers;
  std::string body;
};

/// The server's side of one request, for scripts.
class http_exchange {
public:
  virtual ~http_exchange() = default;

  /// Bytes as they are.
  virtual void send(std::string_view bytes) = 0;

  /// A whole response with Content-Length. `headers` are lines without their ends.
  void respond(int status, const std::vector<std::string>& headers, std::string_view body);

  /// The head of a chunked response, one chunk, the end.
  void begin_chunked(int status, const std::vector<std::string>& headers);
  void chunk(std::string_view bytes);
  void end_chunked();

  /// Answers nothing more until the client goes away or the server stops. True: the client went.
  virtual bool hold() = 0;

  /// Ends the connection with RST.
  virtual void reset() = 0;

  /// Ends the connection in order.
  virtual void close() = 0;
};

/// A real HTTP/1.1 server on 127.0.0.1, a port of the system's choice, that does what a script says. A thread per
/// connection; scripts run on these.
class http_test_server {
public:
  using script = std::function<void(const received_request&, http_exchange&)>;

  explicit http_test_server(script s);

  /// Ends every connection and joins the threads.
  ~http_test_server();

  /// "http://127.0.0.1:port" + path
  std::string url(std::string_view path = {}) const;

  /// So far.
  size_t connections() const;
  std::vector<received_request> requests() const;

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

} // namespace troupe::test
