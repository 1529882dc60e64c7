#include "actors/supervision/supervisor_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/registry.h>

namespace troupe {

supervisor_probe::supervisor_probe(prometheus::Registry& registry, const std::string& supervisor) {
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({{"supervisor", supervisor}});
  };
  restarts_ = counter("troupe_supervisor_restarts_total", "Children started again after they ended.");
  escalations_ = counter("troupe_supervisor_escalations_total", "Times that a supervisor gave up on its children.");
}

void supervisor_probe::child_restarted() const {
  restarts_->Increment();
}

void supervisor_probe::escalated() const {
  escalations_->Increment();
}

} // namespace troupe
