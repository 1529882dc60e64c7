#pragma once

#include "actors/http/http_transport.hpp"
#include "runtime/core/clock.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace troupe {

struct http_client_config {
  /// Requests on the wire at once; more wait. Range: 1 and up.
  size_t max_concurrent = 256;
  /// Requests that wait; more are refused.
  size_t max_queued = 10'000;
  /// Idle connections that are kept.
  size_t max_idle_connections = 64;
  /// Bound on name look-up, TCP and TLS together.
  milliseconds connect_timeout{10'000};
  /// PEM file of trusted authorities; empty = the system's.
  std::string ca_file;
};

/// libcurl behind one I/O thread, for all agents of a node.
///
/// http and https only; certificates are verified; redirects are answers, not orders (a key must not follow one to
/// another host). The usual proxy variables of the environment (https_proxy, no_proxy) are honoured. Connections are
/// reused.
class http_client final : public http_transport {
public:
  explicit http_client(http_client_config config = {});

  /// Cancels what is open. Does not wait when called from a callback.
  ~http_client() override;

  uint64_t submit(http_request request, http_callbacks callbacks) override;
  void cancel(uint64_t id) override;

private:
  struct impl;
  std::shared_ptr<impl> impl_;
};

} // namespace troupe
