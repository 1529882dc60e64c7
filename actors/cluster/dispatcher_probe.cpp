#include "actors/cluster/dispatcher_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace troupe {

namespace {

constexpr size_t most_breakers = 64;

constexpr std::array wait_seconds = {0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, 60.0, 300.0};

} // namespace

struct dispatcher_probe::instruments {
  prometheus::Gauge* queued;
  prometheus::Gauge* outstanding;
  prometheus::Gauge* credits;
  prometheus::Counter* dispatched;
  prometheus::Counter* lost;
  prometheus::Counter* late;
  prometheus::Counter* overdue;
  prometheus::Counter* unknown;
  prometheus::Counter* fenced;
  prometheus::Counter* no_room;
  prometheus::Counter* refused;
  prometheus::Histogram* waited;
  prometheus::Family<prometheus::Gauge>* breakers;
  std::map<std::string, prometheus::Gauge*> breaker_of;
};

dispatcher_probe::dispatcher_probe(prometheus::Registry& registry) : all_{std::make_shared<instruments>()} {
  auto gauge = [&](const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  };
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  };
  all_->queued = gauge("troupe_dispatcher_queue_depth", "Tasks that wait for a node.");
  all_->outstanding = gauge("troupe_dispatcher_outstanding", "Tasks sent to nodes and not yet answered.");
  all_->credits = gauge("troupe_dispatcher_credits", "Tasks that the nodes which are up would still take.");
  all_->dispatched = counter("troupe_tasks_dispatched_total", "Tasks sent to nodes.");
  all_->lost = counter("troupe_tasks_lost_total", "Attempts whose node went away.");
  all_->overdue = counter("troupe_tasks_overdue_total", "Attempts that a living node did not answer in time.");
  auto& rejected = prometheus::BuildCounter()
                       .Name("troupe_tasks_rejected_total")
                       .Help("What was turned away. Results: late (the attempt had ended), unknown, fenced (another "
                             "epoch). Tasks: no_room (queue or node full), refused (by the node).")
                       .Register(registry);
  all_->late = &rejected.Add({{"reason", "late"}});
  all_->unknown = &rejected.Add({{"reason", "unknown"}});
  all_->fenced = &rejected.Add({{"reason", "fenced"}});
  all_->no_room = &rejected.Add({{"reason", "no_room"}});
  all_->refused = &rejected.Add({{"reason", "refused"}});
  all_->waited = &prometheus::BuildHistogram()
                      .Name("troupe_dispatch_wait_seconds")
                      .Help("From queued to sent, per task.")
                      .Register(registry)
                      .Add({}, prometheus::Histogram::BucketBoundaries(wait_seconds.begin(), wait_seconds.end()));
  all_->breakers = &prometheus::BuildGauge()
                        .Name("troupe_breaker_state")
                        .Help("Circuit breakers that have opened at least once: 0 closed, 1 half-open, 2 open.")
                        .Register(registry);
}

void dispatcher_probe::counted(const dispatcher_stats& before, const dispatcher_stats& now) const {
  all_->queued->Set(static_cast<double>(now.queued));
  all_->outstanding->Set(static_cast<double>(now.outstanding));
  all_->credits->Set(static_cast<double>(now.credits));
  auto advance = [&](prometheus::Counter* total, uint64_t dispatcher_stats::*number) {
    // To tell a counter of nothing costs as much as to tell it of something.
    if (now.*number != before.*number)
      total->Increment(static_cast<double>(now.*number - before.*number));
  };
  advance(all_->dispatched, &dispatcher_stats::dispatched);
  advance(all_->lost, &dispatcher_stats::lost);
  advance(all_->overdue, &dispatcher_stats::overdue);
  advance(all_->late, &dispatcher_stats::late);
  advance(all_->unknown, &dispatcher_stats::unknown);
  advance(all_->fenced, &dispatcher_stats::fenced);
  advance(all_->no_room, &dispatcher_stats::no_room);
  advance(all_->refused, &dispatcher_stats::refused);
}

void dispatcher_probe::tasks_waited(const std::vector<int64_t>& ms) const {
  if (ms.empty())
    return;
  // One lock for all of them.
  std::vector<double> counts(wait_seconds.size() + 1);
  double sum = 0;
  for (auto one : ms) {
    auto seconds = static_cast<double>(one) / 1'000;
    auto bucket = std::lower_bound(wait_seconds.begin(), wait_seconds.end(), seconds);
    ++counts[static_cast<size_t>(bucket - wait_seconds.begin())];
    sum += seconds;
  }
  all_->waited->ObserveMultiple(counts, sum);
}

void dispatcher_probe::breaker_moved(const dispatch_actions::breaker_change& change) const {
  auto i = all_->breaker_of.find(change.agent);
  if (i == all_->breaker_of.end()) {
    if (all_->breaker_of.size() >= most_breakers)
      return;
    i = all_->breaker_of.emplace(change.agent, &all_->breakers->Add({{"agent", change.agent}})).first;
  }
  auto value = change.state == circuit_breaker::state::closed ? 0
               : change.state == circuit_breaker::state::open ? 2
                                                              : 1;
  i->second->Set(value);
}

} // namespace troupe
