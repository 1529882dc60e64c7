#pragma once

#include "runtime/dispatch/dispatcher_core.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace prometheus {
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of the dispatcher. Copyable; the registry owns the instances.
class dispatcher_probe {
public:
  explicit dispatcher_probe(prometheus::Registry& registry);

  /// What the dispatcher's own numbers are, and what they were when this was called last. (They start anew with each
  /// life of the dispatcher; the counters here go on.)
  void counted(const dispatcher_stats& before, const dispatcher_stats& now) const;
  void tasks_waited(const std::vector<int64_t>& ms) const;
  /// Names of agents are bounded: beyond the first 64 the gauge shows no more.
  void breaker_moved(const dispatch_actions::breaker_change& change) const;

private:
  struct instruments;
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
