#include "runtime/run/replay.hpp"

#include "runtime/agents/json_text.hpp"
#include "runtime/language/load.hpp"

#include <utility>

namespace troupe {

result<workflow_ptr> stored_definition(const v1::RunDetails& details) {
  const auto& run = details.summary().run_id();
  auto document = parse_payload(details.definition());
  if (!document)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the stored definition of run " + run + " is not valid JSON: " + document.error().message);
  auto definition = compile_workflow(*document);
  if (!definition)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "the stored definition of run " + run
                    + " does not compile with this build: " + to_string(definition.error().front()));
  if (details.events_size() > 0 && details.events(0).run_submitted().machine_version() != run_machine::version)
    return fail(v1::ERROR_CODE_INVALID_INPUT, "run " + run + " was begun under rules "
                                                  + std::to_string(details.events(0).run_submitted().machine_version())
                                                  + "; this build knows rules " + std::to_string(run_machine::version)
                                                  + ": use the build that began it");
  return std::move(*definition);
}

result<replayed_run> replay_run(const v1::RunDetails& details) {
  auto definition = stored_definition(details);
  if (!definition)
    return tl::unexpected(definition.error());
  replayed_run out{*definition, run_machine{*definition}, {}, {}};
  std::vector<command> commands;
  for (const auto& event : details.events()) {
    out.machine.step(event, commands);
    for (auto& next : commands)
      if (auto* update = std::get_if<publish_update>(&next))
        out.updates.push_back(std::move(update->update));
      else if (auto* answered = std::get_if<answer_op>(&next))
        out.answers.push_back(
            {answered->answer.task(), answered->answer.attempt(), answered->answer.number(), event.at_ms()});
    commands.clear();
  }
  for (size_t i = 0; i < out.updates.size(); ++i)
    out.updates[i].set_seq(i + 1);
  return out;
}

void set_counts(const task_counts& counts, v1::RunFinished& out) {
  out.set_tasks(counts.tasks);
  out.set_retries(counts.retries);
  out.set_failed_tasks(counts.failed);
}

v1::RunUpdate finished_update(const v1::RunSummary& summary, const run_machine& machine) {
  v1::RunUpdate update;
  update.set_run_id(summary.run_id());
  update.set_at_ms(summary.finished_at_ms());
  auto* finished = update.mutable_run_finished();
  *finished->mutable_summary() = summary;
  if (machine.finished()) {
    finished->set_output(machine.outcome().output);
    set_counts(machine.outcome().counts, *finished);
    if (machine.outcome().error.code() != v1::ERROR_CODE_UNSPECIFIED)
      *finished->mutable_error() = machine.outcome().error;
  }
  return update;
}

} // namespace troupe
