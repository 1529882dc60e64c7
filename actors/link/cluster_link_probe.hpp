#pragma once

#include <cstddef>
#include <memory>

namespace prometheus {
class Registry;
} // namespace prometheus

namespace troupe {

/// What an operator sees of a worker's membership. Copyable; the registry owns the instances. All links to coordinators
/// of one process count together.
class cluster_link_probe {
public:
  explicit cluster_link_probe(prometheus::Registry& metrics);

  void became_member() const;
  void ceased_to_be_member() const;
  void attempt_failed() const;
  void fenced() const;
  /// Results that nobody waits for any more.
  void results_dropped(size_t count) const;

private:
  struct instruments;
  std::shared_ptr<instruments> all_;
};

} // namespace troupe
