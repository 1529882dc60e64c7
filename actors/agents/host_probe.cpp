#include "actors/agents/host_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

namespace troupe {

namespace {

constexpr size_t max_agent_labels = 200;

constexpr std::array<const char*, 6> status_labels = {"unspecified", "success",   "failed",
                                                      "timed_out",   "cancelled", "rejected"};

const prometheus::Histogram::BucketBoundaries seconds = {0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1,
                                                         0.5,    1,      5,     10,    30,   60,   300};

/// What a histogram has not been told yet.
struct observations {
  std::vector<double> counts = std::vector<double>(seconds.size() + 1);
  double sum = 0;
  bool any = false;

  void add(double value) {
    ++counts[static_cast<size_t>(std::lower_bound(seconds.begin(), seconds.end(), value) - seconds.begin())];
    sum += value;
    any = true;
  }

  void tell(prometheus::Histogram& to) {
    if (!any)
      return;
    to.ObserveMultiple(counts, sum);
    std::fill(counts.begin(), counts.end(), 0);
    sum = 0;
    any = false;
  }
};

} // namespace

struct host_probe::instruments {
  struct per_agent {
    std::string label;
    prometheus::Counter* started = nullptr;
    prometheus::Histogram* duration = nullptr;
    prometheus::Counter* restarts = nullptr;
    std::array<prometheus::Counter*, status_labels.size()> finished = {};
    // Not told yet; told by load_changed.
    bool dirty = false;
    uint64_t begun = 0;
    std::array<uint64_t, status_labels.size()> ended = {};
    observations took = {};
  };

  explicit instruments(prometheus::Registry& registry)
      : started{prometheus::BuildCounter()
                    .Name("troupe_tasks_started_total")
                    .Help("Tasks that an agent of this node began.")
                    .Register(registry)},
        finished{prometheus::BuildCounter()
                     .Name("troupe_tasks_finished_total")
                     .Help("Tasks that this node answered, by how.")
                     .Register(registry)},
        duration{prometheus::BuildHistogram()
                     .Name("troupe_task_duration_seconds")
                     .Help("An agent's time for a task.")
                     .Register(registry)},
        restarts{prometheus::BuildCounter()
                     .Name("troupe_agent_restarts_total")
                     .Help("Instances of an agent that came back after a crash.")
                     .Register(registry)},
        up{prometheus::BuildGauge()
               .Name("troupe_agents_up")
               .Help("Instances of agents alive on this node.")
               .Register(registry)},
        queue{prometheus::BuildHistogram()
                  .Name("troupe_task_queue_seconds")
                  .Help("Wait of a task on this node before its agent began.")
                  .Register(registry)
                  .Add({}, seconds)},
        depth{gauge(registry, "troupe_host_queue_depth", "Tasks on this node that wait for an agent.")},
        running{gauge(registry, "troupe_host_running_tasks", "Tasks that agents of this node work on.")},
        credits{gauge(registry, "troupe_host_credits", "Tasks that this node would take now.")},
        duplicates{
            counter(registry, "troupe_host_duplicate_tasks_total", "Attempts that came again and were dropped.")},
        late{counter(registry, "troupe_host_late_results_total",
                     "Agents' results for tasks that were answered already.")},
        hung{counter(registry, "troupe_host_hung_agents_total",
                     "Instances replaced since they ignored a cancellation.")} {}

  static prometheus::Gauge* gauge(prometheus::Registry& registry, const char* name, const char* help) {
    return &prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }

  static prometheus::Counter* counter(prometheus::Registry& registry, const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }

  per_agent& of(const std::string& agent) {
    if (!last || last_name != agent) {
      last = &find(agent);
      last_name = agent;
    }
    return *last;
  }

  per_agent& touched(const std::string& agent) {
    auto& out = of(agent);
    if (!std::exchange(out.dirty, true))
      dirty.push_back(&out);
    return out;
  }

  per_agent& find(const std::string& agent) {
    if (auto i = agents.find(agent); i != agents.end())
      return i->second;
    if (agents.size() >= max_agent_labels && agent != "other")
      return find("other");
    return agents.emplace(agent, per_agent{.label = agent}).first->second;
  }

  prometheus::Family<prometheus::Counter>& started;
  prometheus::Family<prometheus::Counter>& finished;
  prometheus::Family<prometheus::Histogram>& duration;
  prometheus::Family<prometheus::Counter>& restarts;
  prometheus::Family<prometheus::Gauge>& up;
  prometheus::Histogram& queue;
  prometheus::Gauge* depth;
  prometheus::Gauge* running;
  prometheus::Gauge* credits;
  prometheus::Counter* duplicates;
  prometheus::Counter* late;
  prometheus::Counter* hung;
  std::unordered_map<std::string, per_agent> agents;
  std::map<std::string, prometheus::Gauge*> kinds;
  host_counters seen;
  /// Tasks come in batches for one agent.
  per_agent* last = nullptr;
  std::string last_name;
  std::vector<per_agent*> dirty;
  observations waited;
};

host_probe::host_probe(prometheus::Registry& registry) : all_{std::make_shared<instruments>(registry)} {}

void host_probe::task_started(const std::string& agent) const {
  ++all_->touched(agent).begun;
}

void host_probe::task_answered(const std::string& agent, const v1::TaskResult& result, bool started) const {
  auto& of = all_->touched(agent);
  auto status = static_cast<size_t>(result.status());
  ++of.ended[status < status_labels.size() ? status : 0];
  if (!started)
    return;
  of.took.add(static_cast<double>(result.timings().run_us()) / 1e6);
  all_->waited.add(static_cast<double>(result.timings().queued_us()) / 1e6);
}

void host_probe::tell(instruments& all) {
  for (auto* of : std::exchange(all.dirty, {})) {
    of->dirty = false;
    if (of->begun > 0) {
      if (!of->started)
        of->started = &all.started.Add({{"agent", of->label}});
      of->started->Increment(static_cast<double>(std::exchange(of->begun, 0)));
    }
    for (size_t i = 0; i < status_labels.size(); ++i) {
      if (of->ended[i] == 0)
        continue;
      if (!of->finished[i])
        of->finished[i] = &all.finished.Add({{"agent", of->label}, {"status", status_labels[i]}});
      of->finished[i]->Increment(static_cast<double>(std::exchange(of->ended[i], 0)));
    }
    if (of->took.any && !of->duration)
      of->duration = &all.duration.Add({{"agent", of->label}}, seconds);
    if (of->duration)
      of->took.tell(*of->duration);
  }
  all.waited.tell(all.queue);
}

void host_probe::load_changed(const host_load& load, const host_counters& counters) const {
  tell(*all_);
  all_->depth->Set(load.queued);
  all_->running->Set(load.running);
  all_->credits->Set(load.credits);
  auto advance = [](prometheus::Counter* total, uint64_t& seen, uint64_t now) {
    // To tell a counter of nothing costs as much as to tell it of something.
    if (auto before = std::exchange(seen, now); before != now)
      total->Increment(static_cast<double>(now - before));
  };
  auto& seen = all_->seen;
  advance(all_->duplicates, seen.duplicates, counters.duplicates);
  advance(all_->late, seen.late_results, counters.late_results);
  advance(all_->hung, seen.hung_instances, counters.hung_instances);
}

void host_probe::agent_up(const std::string& kind) const {
  auto& up = all_->kinds[kind];
  if (!up)
    up = &all_->up.Add({{"kind", kind}});
  up->Increment();
}

void host_probe::agent_down(const std::string& kind) const {
  if (auto i = all_->kinds.find(kind); i != all_->kinds.end())
    i->second->Decrement();
}

void host_probe::agent_restarted(const std::string& agent) const {
  auto& of = all_->of(agent);
  if (!of.restarts)
    of.restarts = &all_->restarts.Add({{"agent", of.label}});
  of.restarts->Increment();
}

} // namespace troupe
