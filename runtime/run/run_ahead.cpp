#include "runtime/run/run_ahead.hpp"

#include <variant>

namespace troupe {

bool run_ahead::lets(const command& x) const {
  if (!allowed_ || store_fails_ || offered_bytes_ + append_bytes_ > most_bytes)
    return false;
  auto has_room = [this](uint32_t task) { return task < durable_tasks_ + most_tasks; };
  if (const auto* combine = std::get_if<start_aggregation>(&x))
    return has_room(combine->request->task);
  const auto* start = std::get_if<start_task>(&x);
  // A second attempt has to come behind what stops the first.
  if (!start || start->task->attempt() != 1 || !has_room(start->task->task()))
    return false;
  auto agent = definition_->agents.find(start->task->agent());
  return agent != definition_->agents.end() && agent->second.pure;
}

} // namespace troupe
