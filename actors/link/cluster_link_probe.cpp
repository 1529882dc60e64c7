#include "actors/link/cluster_link_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace troupe {

struct cluster_link_probe::instruments {
  prometheus::Gauge* memberships;
  prometheus::Counter* failures;
  prometheus::Counter* fences;
  prometheus::Counter* dropped;
};

cluster_link_probe::cluster_link_probe(prometheus::Registry& metrics) : all_{std::make_shared<instruments>()} {
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(metrics).Add({});
  };
  all_->memberships = &prometheus::BuildGauge()
                           .Name("troupe_cluster_memberships")
                           .Help("Coordinators that this node is a member of right now.")
                           .Register(metrics)
                           .Add({});
  all_->failures = counter("troupe_cluster_connect_failures_total", "Tries to join a coordinator that failed.");
  all_->fences = counter("troupe_cluster_fences_total",
                         "Times that this node stopped its work because a coordinator no longer counted on it.");
  all_->dropped =
      counter("troupe_cluster_results_dropped_total", "Results that came after their coordinator was gone.");
}

void cluster_link_probe::became_member() const {
  all_->memberships->Increment();
}

void cluster_link_probe::ceased_to_be_member() const {
  all_->memberships->Decrement();
}

void cluster_link_probe::attempt_failed() const {
  all_->failures->Increment();
}

void cluster_link_probe::fenced() const {
  all_->fences->Increment();
}

void cluster_link_probe::results_dropped(size_t count) const {
  if (count > 0)
    all_->dropped->Increment(static_cast<double>(count));
}

} // namespace troupe
