#pragma once

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <vector>

namespace troupe {

/// The metrics that Prometheus expects of every process (process_cpu_seconds_total, process_resident_memory_bytes, …),
/// read from /proc/self at each scrape.
class process_metrics final : public prometheus::Collectable {
public:
  std::vector<prometheus::MetricFamily> Collect() const override;
};

} // namespace troupe
