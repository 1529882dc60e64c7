#include "tests/sim/oracle.hpp"

#include "runtime/language/load.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace troupe::sim {

namespace {

/// A worker that runs on has cut itself off by then (fence 7 s, ticks, the way of the message).
constexpr usec longest_ignorance = 12 * second;

std::string name_of(const auto& x) {
  return fmt::format("{}/{} attempt {}", x.run_id(), x.task(), x.attempt());
}

} // namespace

workflow_ptr definition_of(const std::string& document) {
  static std::map<std::string, workflow_ptr> known;
  auto& out = known[document];
  if (!out) {
    auto compiled = compile_workflow(json::parse(document));
    if (!compiled)
      throw std::runtime_error(to_string(compiled.error().front()));
    out = *compiled;
  }
  return out;
}

// -- the store --------------------------------------------------------------------------------------------------------

void oracle::created(const v1::CreateRun& x) {
  const auto& id = x.summary().run_id();
  auto [i, fresh] = runs_.try_emplace(id, definition_of(x.definition()));
  if (!fresh)
    return;
  for (const auto& event : x.events())
    feed(id, i->second, event);
}

void oracle::claimed(const v1::RunSummary& x) {
  auto& run = runs_.at(x.run_id());
  if (x.epoch() != run.epoch + 1)
    accuse(fmt::format("run {} went from epoch {} to {} by one claim", x.run_id(), run.epoch, x.epoch()));
  run.epoch = x.epoch();
}

void oracle::appended(const v1::AppendEvents& entry) {
  auto& run = runs_.at(entry.run_id());
  if (entry.epoch() != run.epoch)
    accuse(fmt::format("the store took events of run {} under the stale epoch {}; it is at {}", entry.run_id(),
                       entry.epoch(), run.epoch));
  auto known = static_cast<int>(run.seq + 1 - std::min(run.seq + 1, entry.first_seq()));
  for (int i = known; i < entry.events_size(); ++i)
    feed(entry.run_id(), run, entry.events(i));
  if (entry.has_summary())
    run.state = entry.summary().state();
  if (run.shadow.finished() && run.state != run.shadow.outcome().state)
    accuse(fmt::format("run {} has ended in its journal and not in its summary", entry.run_id()));
}

void oracle::feed(const std::string& id, run_record& run, const v1::RunEvent& event) {
  if (!run.shadow.accepts(event))
    accuse(fmt::format("the journal of run {} got an event that its state does not accept: {}", id,
                       event.ShortDebugString()));
  if (event.has_task_finished() && event.task_finished().result().status() == v1::TASK_STATUS_SUCCESS) {
    const auto& result = event.task_finished().result();
    auto i = successes_.find({id, result.task(), result.attempt()});
    if (i == successes_.end() || i->second != std::pair{result.epoch(), result.output().data()})
      accuse(
          fmt::format("the journal has a success of {} that this very attempt did not bring about", name_of(result)));
    if (!run.done.emplace(result.task(), time_.now()).second)
      accuse(fmt::format("task {}/{} was completed twice", id, result.task()));
  }
  std::vector<command> implied;
  run.shadow.step(event, implied);
  for (const auto& x : implied)
    if (const auto* start = std::get_if<start_task>(&x))
      run.implied.emplace(start->task.task(), start->task.attempt(), start->task.epoch());
  ++run.seq;
}

// -- run coordinators -------------------------------------------------------------------------------------------------

void oracle::task_leaves(const v1::Task& task) {
  auto i = runs_.find(task.run_id());
  if (i == runs_.end()) {
    accuse(fmt::format("{} was sent before its run was durable", name_of(task)));
    return;
  }
  auto& run = i->second;
  if (run.done.count(task.task()) > 0)
    accuse(fmt::format("{} was sent although the task is done", name_of(task)));
  if (run.implied.count({task.task(), task.attempt(), task.epoch()}) == 0)
    accuse(fmt::format("{} was sent before the event that started it was durable", name_of(task)));
}

void oracle::quiet(const std::string& id, uint64_t epoch, const run_machine& live) {
  auto& run = runs_.at(id);
  if (run.epoch == epoch && run.shadow.digest() != live.digest())
    accuse(fmt::format("run {}: replaying the journal gives another state than the live one", id));
}

// -- workers ----------------------------------------------------------------------------------------------------------

void oracle::task_begins(const process& worker, const v1::Task& task) {
  if (!begun_.emplace(task.run_id(), task.task(), task.attempt()).second)
    accuse(fmt::format("{} was executed twice", name_of(task)));
  if (task.idempotency_key() != fmt::format("{}/{}", task.run_id(), task.task()))
    accuse(fmt::format("{} has the idempotency key {}", name_of(task), task.idempotency_key()));
  auto i = runs_.find(task.run_id());
  if (i == runs_.end())
    return;
  auto done = i->second.done.find(task.task());
  if (done != i->second.done.end() && time_.now() - done->second > longest_ignorance + worker.paused_for)
    accuse(fmt::format("{} was executed again on {} although the task had long been done", name_of(task), worker.name));
}

void oracle::task_answered(const v1::TaskResult& result) {
  if (result.status() == v1::TASK_STATUS_SUCCESS)
    successes_[{result.run_id(), result.task(), result.attempt()}] = {result.epoch(), result.output().data()};
}

// -- clients ----------------------------------------------------------------------------------------------------------

void oracle::acknowledged(const std::string& id) {
  if (auto i = runs_.find(id); i != runs_.end())
    i->second.acknowledged = true;
  else
    accuse(fmt::format("run {} was acknowledged and is not in the store", id));
}

void oracle::told_finished(const v1::RunSummary& summary) {
  auto i = runs_.find(summary.run_id());
  if (i == runs_.end() || i->second.state != summary.state())
    accuse(fmt::format("a client was told that run {} has ended, and the store says otherwise", summary.run_id()));
}

bool oracle::finished(const std::string& id) const {
  auto i = runs_.find(id);
  return i != runs_.end() && i->second.state != v1::RUN_STATE_RUNNING;
}

std::pair<uint64_t, uint64_t> oracle::head(const std::string& id) const {
  auto i = runs_.find(id);
  return i == runs_.end() ? std::pair<uint64_t, uint64_t>{} : std::pair{i->second.epoch, i->second.seq};
}

std::string oracle::unfinished() const {
  std::string out;
  for (const auto& [id, run] : runs_)
    if (run.state == v1::RUN_STATE_RUNNING)
      out += fmt::format("{}run {} ({} tasks in flight)", out.empty() ? "" : ", ", id, run.shadow.tasks_in_flight());
  return out;
}

} // namespace troupe::sim
