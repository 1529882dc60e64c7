#include "actors/run/aggregator.hpp"

namespace troupe {

v1::TaskResult aggregator_state::answer(const aggregation_request& request) {
  v1::TaskResult out;
  out.set_run_id(request.run_id);
  out.set_task(request.task);
  out.set_attempt(request.attempt);
  out.set_epoch(request.epoch);
  auto made = aggregate_as_text(request);
  if (!made) {
    out.set_status(v1::TASK_STATUS_FAILED);
    *out.mutable_error() = made.error().to_proto();
    return out;
  }
  out.set_status(v1::TASK_STATUS_SUCCESS);
  out.mutable_output()->set_data(std::move(made->text));
  if (made->quality)
    out.set_quality(*made->quality);
  return out;
}

aggregator_actor::behavior_type aggregator(aggregator_actor::stateful_pointer<aggregator_state>) {
  return {
      [](const aggregation_request_ptr& request) { return aggregator_state::answer(*request); },
  };
}

} // namespace troupe
