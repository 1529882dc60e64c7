#include "tests/sim/oracle.hpp"

#include "runtime/language/load.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace troupe::sim {

namespace {

/// A worker that runs on has cut itself off by then (fence 7 s, ticks, the way of the message). A coordinator that was
/// stopped or cut from the store may send once more what it knew before.
constexpr usec longest_ignorance = 12 * second;

/// So long after a fault all have found each other again.
constexpr usec recovery = 20 * second;

std::string name_of(const auto& x) {
  return fmt::format("{}/{} attempt {}", x.run_id(), x.task(), x.attempt());
}

} // namespace

workflow_ptr definition_of(const std::string& document) {
  thread_local std::map<std::string, workflow_ptr> known;
  auto& out = known[document];
  if (!out) {
    auto compiled = compile_workflow(json::parse(document));
    if (!compiled)
      throw std::runtime_error(to_string(compiled.error().front()));
    out = *compiled;
  }
  return out;
}

usec oracle::quiet_since(usec since) const {
  for (const auto& [from, to] : troubles_)
    if (from <= time_.now())
      since = std::max(since, to + recovery);
  return since;
}

// -- the store --------------------------------------------------------------------------------------------------------

void oracle::created(const v1::CreateRun& x) {
  const auto& id = x.summary().run_id();
  if (runs_.count(id) > 0)
    return;
  auto definition = definition_of(x.definition());
  auto teams =
      team_watch::concerns(*definition) ? std::make_unique<team_watch>(*this, time_, seen_, id, definition) : nullptr;
  auto i = runs_.try_emplace(id, definition, std::move(teams)).first;
  for (const auto& event : x.events())
    feed(id, i->second, event);
}

void oracle::claimed(const v1::RunSummary& x) {
  auto& run = runs_.at(x.run_id());
  if (x.epoch() != run.epoch + 1)
    accuse(fmt::format("run {} went from epoch {} to {} by one claim", x.run_id(), run.epoch, x.epoch()));
  run.epoch = x.epoch();
  seen_.see(sight::run_taken_over);
}

void oracle::appended(const v1::AppendEvents& entry) {
  auto& run = runs_.at(entry.run_id());
  if (entry.epoch() != run.epoch)
    accuse(fmt::format("the store took events of run {} under the stale epoch {}; it is at {}", entry.run_id(),
                       entry.epoch(), run.epoch));
  auto known = static_cast<int>(run.seq + 1 - std::min(run.seq + 1, entry.first_seq()));
  if (known > 0)
    seen_.see(sight::append_repeated);
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
  if (event.has_task_finished())
    check_completion(id, run, event.task_finished().result());
  if (event.has_task_lost()) {
    seen_.see(sight::task_lost);
    run.ended.emplace(event.task_lost().task(), event.task_lost().attempt());
  }
  run.cancelled = run.cancelled || event.has_run_cancel_requested();
  if (event.has_timer_fired())
    seen_.see(sight::timer_fired);
  std::vector<command> implied;
  run.shadow.step(event, implied);
  for (const auto& x : implied)
    if (const auto* start = std::get_if<start_task>(&x))
      run.implied.emplace(start->task->task(), start->task->attempt(), start->task->epoch());
  if (run.teams)
    run.teams->follow(event, implied);
  ++run.seq;
}

void oracle::check_completion(const std::string& id, run_record& run, const v1::TaskResult& result) {
  if (!run.ended.emplace(result.task(), result.attempt()).second)
    accuse(fmt::format("{} has ended twice in the journal", name_of(result)));
  if (run.done.count(result.task()) > 0)
    accuse(fmt::format("task {}/{} got a second completion", id, result.task()));
  if (result.status() != v1::TASK_STATUS_SUCCESS)
    return;
  auto i = successes_.find({id, result.task(), result.attempt()});
  if (i == successes_.end() || i->second != std::pair{result.epoch(), result.output().data()})
    accuse(fmt::format("the journal has a success of {} that this very attempt did not bring about", name_of(result)));
  run.done.emplace(result.task(), time_.now());
  seen_.see(sight::task_completed);
}

// -- run coordinators -------------------------------------------------------------------------------------------------

void oracle::task_leaves(const v1::Task& task) {
  auto i = runs_.find(task.run_id());
  if (i == runs_.end()) {
    accuse(fmt::format("{} was sent before its run was durable", name_of(task)));
    return;
  }
  auto& run = i->second;
  if (task.attempt() > 1)
    seen_.see(sight::attempt_repeated);
  if (task.epoch() == run.epoch && run.done.count(task.task()) > 0)
    accuse(fmt::format("{} was sent although the task is done", name_of(task)));
  if (run.implied.count({task.task(), task.attempt(), task.epoch()}) == 0)
    accuse(fmt::format("{} was sent before the event that started it was durable", name_of(task)));
  check_number(run, task);
}

void oracle::task_leaves_ahead(const v1::Task& task) {
  seen_.see(sight::task_left_ahead);
  auto& run = runs_.at(task.run_id());
  const auto& agents = run.definition->agents;
  if (auto agent = agents.find(task.agent()); agent == agents.end() || !agent->second.pure)
    accuse(fmt::format("{} was sent ahead of the journal, and its agent {} is not pure", name_of(task), task.agent()));
  run.ahead.emplace(task.task(), task.attempt(), task.epoch());
  check_number(run, task);
}

void oracle::check_number(run_record& run, const v1::Task& task) {
  auto [i, is_new] = run.left.try_emplace({task.task(), task.attempt()}, task.epoch());
  if (!is_new)
    accuse(
        fmt::format("{} was sent under epoch {}, and under epoch {} before", name_of(task), task.epoch(), i->second));
}

void oracle::quiet(const std::string& id, uint64_t epoch, const run_machine& live) {
  auto& run = runs_.at(id);
  seen_.see(sight::digest_compared);
  if (run.epoch == epoch && run.shadow.digest() != live.digest())
    accuse(fmt::format("run {}: replaying the journal gives another state than the live one", id));
  for (const auto& x : run.ahead)
    if (std::get<2>(x) == epoch && run.epoch == epoch && run.implied.count(x) == 0)
      accuse(fmt::format("task {}/{} was sent ahead of the journal, and the journal knows nothing of it", id,
                         std::get<0>(x)));
  std::erase_if(run.ahead, [&](const auto& x) { return std::get<2>(x) <= epoch; });
}

// -- workers ----------------------------------------------------------------------------------------------------------

void oracle::task_begins(const process& worker, const v1::Task& task) {
  seen_.see(sight::attempt_begun);
  if (!begun_.emplace(task.run_id(), task.task(), task.attempt()).second)
    accuse(fmt::format("{} was executed twice", name_of(task)));
  if (task.idempotency_key() != fmt::format("{}/{}", task.run_id(), task.task()))
    accuse(fmt::format("{} has the idempotency key {}", name_of(task), task.idempotency_key()));
  auto i = runs_.find(task.run_id());
  if (i == runs_.end())
    return;
  if (i->second.teams && task.has_turn())
    i->second.teams->begun(task);
  auto done = i->second.done.find(task.task());
  if (done != i->second.done.end() && time_.now() - done->second > longest_ignorance + excused_)
    accuse(fmt::format("{} was executed again on {} although the task had long been done", name_of(task), worker.name));
}

void oracle::task_answered(const v1::TaskResult& result) {
  if (result.status() == v1::TASK_STATUS_SUCCESS)
    successes_[{result.run_id(), result.task(), result.attempt()}] = {result.epoch(), result.output().data()};
  if (auto i = runs_.find(result.run_id()); i != runs_.end() && i->second.teams)
    i->second.teams->attempt_ended(result);
}

// -- members of teams -------------------------------------------------------------------------------------------------

void oracle::op_sent(const v1::TaskOp& op, const std::string& token, uint64_t seen) {
  if (auto i = runs_.find(op.run_id()); i != runs_.end() && i->second.teams)
    i->second.teams->sent(op, token, seen);
  else
    accuse(fmt::format("{} sends operations and is in no team", name_of(op)));
}

void oracle::op_heard(const v1::TaskOp& op, const std::string& token, const v1::OpAnswer& answer) {
  if (auto i = runs_.find(op.run_id()); i != runs_.end() && i->second.teams)
    i->second.teams->heard(op, token, answer);
}

// -- clients ----------------------------------------------------------------------------------------------------------

void oracle::acknowledged(const std::string& id) {
  if (runs_.count(id) == 0)
    accuse(fmt::format("run {} was acknowledged and is not in the store", id));
}

void oracle::cancel_acknowledged(const std::string& id) {
  seen_.see(sight::cancel_acknowledged);
  const auto& run = runs_.at(id);
  if (!run.cancelled && run.state == v1::RUN_STATE_RUNNING)
    accuse(fmt::format("the cancellation of run {} was acknowledged and is not in the store", id));
}

void oracle::told_finished(const v1::RunSummary& summary) {
  auto i = runs_.find(summary.run_id());
  if (i == runs_.end() || i->second.state != summary.state())
    accuse(fmt::format("a client was told that run {} has ended, and the store says otherwise", summary.run_id()));
}

void oracle::told_output(const std::string& id, const std::string& output) {
  const auto& shadow = runs_.at(id).shadow;
  if (shadow.finished() && shadow.outcome().output != output)
    accuse(fmt::format("the output of run {} is not the one that its journal gives", id));
}

std::vector<posted_question> oracle::new_questions() {
  std::vector<posted_question> out;
  for (auto& [id, run] : runs_)
    if (run.teams)
      for (auto& x : run.teams->take_posted())
        out.push_back(std::move(x));
  return out;
}

void oracle::decision_acknowledged(const posted_question& x) {
  seen_.see(sight::decision_acknowledged);
  if (!runs_.at(x.run).teams->has_decision(x.step, x.question))
    accuse(fmt::format("the decision about {} of run {} was acknowledged and is not in the store", x.question, x.run));
}

// -- in the end -------------------------------------------------------------------------------------------------------

void oracle::check_stored(const v1::RunDetails& stored, bool peaceful) {
  const auto& id = stored.summary().run_id();
  const auto& run = runs_.at(id);
  run_machine replayed{definition_of(stored.definition())};
  std::vector<command> commands;
  for (const auto& event : stored.events())
    replayed.step(event, commands);
  seen_.see(sight::journal_replayed);
  if (static_cast<uint64_t>(stored.events_size()) != run.seq || replayed.digest() != run.shadow.digest())
    accuse(fmt::format("run {}: the stored journal is not what was appended to it", id));
  auto state = stored.summary().state();
  if (replayed.finished() && replayed.outcome().state != state)
    accuse(fmt::format("run {} ended otherwise in its journal than in its summary", id));
  // A member that waits for a teammate keeps its agent's instance: in a small cluster others may wait for that in vain.
  const auto& why = stored.summary().error();
  auto starved =
      std::any_of(runs_.begin(), runs_.end(), [](const auto& x) { return x.second.teams != nullptr; })
      && (why.find("did not answer within") != std::string::npos || why.find("no result in") != std::string::npos);
  if (state == v1::RUN_STATE_FAILED && peaceful && !starved)
    accuse(fmt::format("run {} failed although nothing went wrong: {}", id, why));
  seen_.see(state == v1::RUN_STATE_SUCCEEDED   ? sight::run_succeeded
            : state == v1::RUN_STATE_PARTIAL   ? sight::run_partial
            : state == v1::RUN_STATE_CANCELLED ? sight::run_cancelled
                                               : sight::run_failed);
  ++seen_.runs;
}

std::vector<std::string> oracle::runs() const {
  std::vector<std::string> out;
  for (const auto& [id, run] : runs_)
    out.push_back(id);
  return out;
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
