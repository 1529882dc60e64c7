#pragma once

#include "runtime/core/result.hpp"
#include "runtime/link/address.hpp"

#include <memory>
#include <vector>

namespace prometheus {
class Collectable;
}

namespace troupe {

/// Answers GET /metrics, on a thread of its own. Whoever connects has some seconds for one request of a few kilobytes;
/// of many who only occupy connections the oldest loses its own, so that a scrape always gets through.
class metrics_server {
public:
  using collectables = std::vector<std::shared_ptr<prometheus::Collectable>>;

  /// Port 0 becomes a free one. Fails with unavailable (taken, unknown).
  static result<std::unique_ptr<metrics_server>> listen(const address& at, collectables what);

  ~metrics_server();

  metrics_server(const metrics_server&) = delete;
  metrics_server& operator=(const metrics_server&) = delete;

  /// Where it listens.
  const address& at() const;

private:
  struct impl;
  explicit metrics_server(std::unique_ptr<impl> x);

  std::unique_ptr<impl> impl_;
};

} // namespace troupe
