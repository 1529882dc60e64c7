#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace troupe::test {

/// The value of one metric as a scrape would see it: of a counter or gauge its value, of a histogram the number of
/// observations. Nothing when there is no metric of that name with exactly these labels.
inline std::optional<double> metric_value(const prometheus::Registry& registry, const std::string& name,
                                          const std::map<std::string, std::string>& labels = {}) {
  for (const auto& family : registry.Collect())
    for (const auto& metric : family.metric) {
      bool same = metric.label.size() == labels.size()
                  && std::all_of(metric.label.begin(), metric.label.end(), [&](const auto& label) {
                       auto i = labels.find(label.name);
                       return i != labels.end() && i->second == label.value;
                     });
      if (family.name != name || !same)
        continue;
      switch (family.type) {
      case prometheus::MetricType::Counter:
        return metric.counter.value;
      case prometheus::MetricType::Gauge:
        return metric.gauge.value;
      case prometheus::MetricType::Histogram:
        return static_cast<double>(metric.histogram.sample_count);
      default:
        return std::nullopt;
      }
    }
  return std::nullopt;
}

} // namespace troupe::test
