#pragma once

#include "runtime/host/host_types.hpp"
#include "troupe/v1/task.pb.h"

#include <memory>
#include <string>

namespace prometheus {
class Registry;
}

namespace troupe {

/// What an operator sees of an agent host. Copyable; the registry owns the instances. Not thread-safe: one host, one
/// probe. Agents above a number of names are counted as "other", because workflows bring names at will.
class host_probe {
public:
  explicit host_probe(prometheus::Registry& registry);

  void task_started(const std::string& agent) const;
  void task_answered(const std::string& agent, const v1::TaskResult& result, bool started) const;
  /// Also makes visible what was told since the last call: a wide fan-out does not stop at locks for each of its tasks.
  void load_changed(const host_load& load, const host_counters& counters) const;
  void agent_up(const std::string& kind) const;
  void agent_down(const std::string& kind) const;
  void agent_restarted(const std::string& agent) const;

private:
  struct instruments;
  static void tell(instruments& all);
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
