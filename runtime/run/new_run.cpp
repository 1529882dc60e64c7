#include "runtime/run/new_run.hpp"

#include "runtime/run/machine.hpp"

#include <utility>

namespace troupe {

v1::CreateRun new_run(const workflow& definition, const std::string& input, run_origin origin) {
  v1::CreateRun out;
  out.set_definition(definition.text);
  auto& event = *out.add_events();
  event.set_at_ms(origin.now_ms);
  auto& submitted = *event.mutable_run_submitted();
  submitted.set_run_id(origin.run_id);
  submitted.set_workflow(definition.name);
  submitted.set_definition_hash(definition.hash);
  submitted.set_input(input);
  submitted.set_seed(origin.seed);
  submitted.set_machine_version(run_machine::version);
  submitted.set_traceparent(std::move(origin.traceparent));
  auto& summary = *out.mutable_summary();
  summary.set_run_id(std::move(origin.run_id));
  summary.set_workflow(definition.name);
  summary.set_definition_hash(definition.hash);
  summary.set_state(v1::RUN_STATE_RUNNING);
  summary.set_created_at_ms(origin.now_ms);
  summary.set_owner(std::move(origin.owner));
  summary.set_epoch(1);
  return out;
}

} // namespace troupe
