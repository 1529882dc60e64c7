#include "runtime/run/run_ahead.hpp"

#include <variant>

namespace troupe {

bool run_ahead::lets(const command& x, uint64_t events) const {
  if (!allowed_ || store_fails_ || events == 0 || events > most_events || offered_bytes_ + append_bytes_ > most_bytes)
    return false;
  if (std::holds_alternative<start_aggregation>(x))
    return true;
  const auto* start = std::get_if<start_task>(&x);
  // A second attempt has to come behind what stops the first.
  if (!start || start->task->attempt() != 1 || start->task->task() >= durable_tasks_ + most_tasks)
    return false;
  auto agent = definition_->agents.find(start->task->agent());
  return agent != definition_->agents.end() && agent->second.pure;
}

} // namespace troupe
