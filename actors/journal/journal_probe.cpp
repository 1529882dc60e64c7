#include "actors/journal/journal_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>

namespace troupe {

struct journal_probe::instruments {
  prometheus::Counter* appends;
  prometheus::Counter* events;
  prometheus::Counter* commits;
  prometheus::Histogram* append_seconds;
  prometheus::Histogram* commit_seconds;
  prometheus::Histogram* fsync_seconds;
  prometheus::Histogram* batch_events;
  prometheus::Gauge* degraded;
  std::map<errc, prometheus::Counter*> errors;
  prometheus::Counter* other_errors;
};

journal_probe::journal_probe(prometheus::Registry& registry) : all_{std::make_shared<instruments>()} {
  using buckets = prometheus::Histogram::BucketBoundaries;
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  };
  auto histogram = [&](const char* name, const char* help, buckets bounds) {
    return &prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, bounds);
  };
  const buckets write_times = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5};
  all_->appends = counter("troupe_journal_appends_total", "Requests to append that became durable.");
  all_->events = counter("troupe_journal_events_total",
                         "Events that became durable by appends; a run's first one comes with the run.");
  all_->append_seconds =
      histogram("troupe_journal_append_seconds", "From a request to append to its events durable.", write_times);
  all_->commits = counter("troupe_journal_commits_total", "Transactions of appends, failed ones included.");
  all_->commit_seconds =
      histogram("troupe_journal_commit_seconds", "From begin to durable, per transaction of appends.", write_times);
  all_->fsync_seconds =
      histogram("troupe_journal_fsync_seconds", "Write of the log and its fsync, per transaction.", write_times);
  all_->batch_events = histogram("troupe_journal_batch_events", "Events per transaction of appends.",
                                 {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096});
  all_->degraded = &prometheus::BuildGauge()
                        .Name("troupe_journal_degraded")
                        .Help("1 while new runs are refused because the store failed.")
                        .Register(registry)
                        .Add({});
  auto& errors = prometheus::BuildCounter()
                     .Name("troupe_journal_errors_total")
                     .Help("Requests that the journal refused, by reason; \"store\" is the one to act on.")
                     .Register(registry);
  for (auto [code, reason] : {std::pair{v1::ERROR_CODE_STORE, "store"},
                              {v1::ERROR_CODE_FENCED, "fenced"},
                              {v1::ERROR_CODE_NOT_FOUND, "not_found"},
                              {v1::ERROR_CODE_INVALID_INPUT, "invalid_input"}})
    all_->errors[code] = &errors.Add({{"reason", reason}});
  all_->other_errors = &errors.Add({{"reason", "other"}});
}

void journal_probe::commit_ended(double seconds, size_t events) const {
  all_->commits->Increment();
  all_->commit_seconds->Observe(seconds);
  all_->batch_events->Observe(static_cast<double>(events));
}

void journal_probe::synced(double seconds) const {
  all_->fsync_seconds->Observe(seconds);
}

void journal_probe::appended(size_t events, double seconds) const {
  all_->appends->Increment();
  all_->events->Increment(static_cast<double>(events));
  all_->append_seconds->Observe(seconds);
}

void journal_probe::failed(errc why) const {
  auto i = all_->errors.find(why);
  (i == all_->errors.end() ? all_->other_errors : i->second)->Increment();
}

void journal_probe::degraded(bool is_degraded) const {
  all_->degraded->Set(is_degraded ? 1 : 0);
}

} // namespace troupe
