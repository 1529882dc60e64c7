#include "actors/run/run_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <map>

namespace troupe {

struct run_probe::instruments {
  prometheus::Counter* began;
  prometheus::Counter* resumed;
  prometheus::Counter* retried;
  prometheus::Counter* late;
  prometheus::Gauge* active;
  prometheus::Histogram* duration;
  std::map<v1::RunState, prometheus::Counter*> ended;
};

run_probe::run_probe(prometheus::Registry& registry) : all_{std::make_shared<instruments>()} {
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  };
  all_->began = counter("troupe_runs_started_total", "Runs that this coordinator took in.");
  all_->resumed = counter("troupe_runs_resumed_total", "Runs that this coordinator took over from a dead one.");
  all_->retried = counter("troupe_tasks_retried_total", "Attempts after the first, for whatever reason.");
  all_->late = counter("troupe_results_late_total", "Results for attempts that no longer counted.");
  all_->active =
      &prometheus::BuildGauge().Name("troupe_runs_active").Help("Runs under way here.").Register(registry).Add({});
  // A coordinator that is started anew has none yet, whatever the one before it left here.
  all_->active->Set(0);
  all_->duration =
      &prometheus::BuildHistogram()
           .Name("troupe_run_duration_seconds")
           .Help("From submission to end.")
           .Register(registry)
           .Add({}, prometheus::Histogram::BucketBoundaries{0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200});
  auto& ended = prometheus::BuildCounter()
                    .Name("troupe_runs_finished_total")
                    .Help("Runs that ended here, by how.")
                    .Register(registry);
  for (auto [state, label] : {std::pair{v1::RUN_STATE_SUCCEEDED, "succeeded"},
                              {v1::RUN_STATE_PARTIAL, "partial"},
                              {v1::RUN_STATE_FAILED, "failed"},
                              {v1::RUN_STATE_CANCELLED, "cancelled"}})
    all_->ended[state] = &ended.Add({{"state", label}});
}

void run_probe::run_began() const {
  all_->began->Increment();
  all_->active->Increment();
}

void run_probe::run_ended(v1::RunState state, int64_t duration_ms) const {
  all_->active->Decrement();
  all_->duration->Observe(static_cast<double>(duration_ms) / 1000);
  if (auto i = all_->ended.find(state); i != all_->ended.end())
    i->second->Increment();
}

void run_probe::run_dropped() const {
  all_->active->Decrement();
}

void run_probe::run_resumed() const {
  all_->resumed->Increment();
}

void run_probe::task_retried() const {
  all_->retried->Increment();
}

void run_probe::result_late() const {
  all_->late->Increment();
}

} // namespace troupe
