#pragma once

#include "troupe/v1/cluster.pb.h"

#include <array>
#include <cstddef>
#include <memory>

namespace prometheus {
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of the cluster's membership. Copyable; the registry owns the instances.
class registry_probe {
public:
  explicit registry_probe(prometheus::Registry& metrics);

  /// Index = v1::NodeState.
  void nodes(const std::array<size_t, v1::NodeState_ARRAYSIZE>& by_state) const;
  void heartbeat() const;
  void heartbeat_fenced() const;
  void node_joined() const;
  void join_refused() const;
  void node_lost() const;

private:
  struct instruments;
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
