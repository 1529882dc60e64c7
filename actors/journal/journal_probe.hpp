#pragma once

#include "runtime/core/result.hpp"

#include <cstddef>
#include <memory>

namespace prometheus {
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of the journal. Copyable; the registry owns the instances.
class journal_probe {
public:
  explicit journal_probe(prometheus::Registry& registry);

  /// One transaction of appends is durable, or has failed.
  void commit_ended(double seconds, size_t events) const;
  /// The store waited for its disk: a transaction's commit, of whatever kind.
  void synced(double seconds) const;
  /// One request's events are durable; `seconds` since the request came.
  void appended(size_t events, double seconds) const;
  /// A request was refused.
  void failed(errc why) const;
  void degraded(bool is_degraded) const;

private:
  struct instruments;
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
