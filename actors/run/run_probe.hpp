#pragma once

#include "troupe/v1/journal.pb.h"

#include <memory>

namespace prometheus {
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of runs. Copyable; the registry owns the instances.
class run_probe {
public:
  explicit run_probe(prometheus::Registry& registry);

  void run_began() const;
  void run_ended(v1::RunState state, int64_t duration_ms) const;
  /// A run coordinator went away without an end (fenced, crashed, node stopping).
  void run_dropped() const;
  void run_resumed() const;
  void task_retried() const;
  /// A result for an attempt that no longer counts.
  void result_late() const;

private:
  struct instruments;
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
