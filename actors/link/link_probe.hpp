#pragma once

#include <cstddef>

namespace prometheus {
class Counter;
class Gauge;
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of a process's links. Without a registry it counts nothing.
class link_probe {
public:
  explicit link_probe(prometheus::Registry* metrics);

  void link_opened();
  void link_closed();
  /// A peer that was turned away: garbage, another cluster, too late, too many.
  void peer_refused();
  void received(size_t bytes, size_t messages);
  void sent(size_t bytes);
  void message_sent();

private:
  prometheus::Gauge* open_ = nullptr;
  prometheus::Counter* refused_ = nullptr;
  prometheus::Counter* received_bytes_ = nullptr;
  prometheus::Counter* received_messages_ = nullptr;
  prometheus::Counter* sent_bytes_ = nullptr;
  prometheus::Counter* sent_messages_ = nullptr;
};

} // namespace troupe
