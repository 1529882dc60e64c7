#pragma once

#include <string>

namespace prometheus {
class Counter;
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of one supervisor. Copyable; the registry owns the instances.
class supervisor_probe {
public:
  /// `supervisor` becomes a label: a name from a configuration or a workflow, never an id of a run.
  supervisor_probe(prometheus::Registry& registry, const std::string& supervisor);

  void child_restarted() const;
  /// It gave up and leaves the matter to its own supervisor.
  void escalated() const;

private:
  prometheus::Counter* restarts_;
  prometheus::Counter* escalations_;
};

} // namespace troupe
