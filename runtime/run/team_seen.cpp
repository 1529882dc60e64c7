// What each task of a turn has done, and which versions it has seen: what is written rests on that.
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

void team_body::drop_ops_from(context c, op_log& log, size_t first) {
  for (auto i = first; i < log.records.size(); ++i) {
    if (!log.records[i].pending)
      continue;
    // The question that nobody waits for any more is taken back.
    std::string gone;
    for (const auto& [id, x] : requests_)
      if (x.waiter && x.waiter->slot == log.slot && x.waiter->number == i + 1 && &ops_.at(x.waiter->task) == &log)
        gone = id;
    if (!gone.empty())
      withdraw(c, gone, "its asker has begun anew");
    // A write that is still to be settled counts, but its answer is nobody's.
    for (auto& [id, x] : contests_)
      if (x.from.slot == log.slot && x.from.number == i + 1 && x.from.task != nobody)
        x.from = {};
  }
  log.records.resize(first);
}

void team_body::saw(const op_source& from, const std::string& artifact, uint64_t version) {
  if (from.task == nobody) {
    if (auto child = children_.find(from.slot); child != children_.end())
      child->second.seen[artifact] = version;
    return;
  }
  auto log = ops_.find(from.task);
  if (log == ops_.end() || from.number > log->second.records.size())
    return;
  auto& record = log->second.records[from.number - 1];
  record.shows[artifact] = version;
  // A later attempt that has not come as far has not heard of it yet.
  if (record.attempt == log->second.attempt)
    log->second.seen[artifact] = version;
}

std::optional<uint64_t> team_body::shown_before(const op_source& from, const std::string& artifact) const {
  auto log = ops_.find(from.task);
  if (log == ops_.end() || from.number > log->second.records.size())
    return std::nullopt;
  const auto& shows = log->second.records[from.number - 1].shows;
  auto i = shows.find(artifact);
  return i == shows.end() ? std::nullopt : std::optional{i->second};
}

void team_body::wrote(const op_source& from, const std::string& artifact, uint64_t version) {
  if (auto log = ops_.find(from.task); log != ops_.end())
    log->second.own.emplace(artifact, version);
  // A reviewer's word is kept like any output, but is not what the team has made.
  auto child = children_.find(from.slot);
  if (from.task != nobody || child == children_.end() || !gives_verdict(child->second))
    last_made_ = artifact;
  saw(from, artifact, version);
}

void team_body::gather_seen(context c, uint32_t slot) {
  auto& child = children_.at(slot);
  for (const auto& [task, log] : ops_) {
    if (log.slot != slot)
      continue;
    child.own.insert(log.own.begin(), log.own.end());
    if (!log.in_vain && log.attempt == c.run.attempt_of(task))
      for (const auto& [artifact, version] : log.seen)
        child.seen[artifact] = std::max(child.seen[artifact], version);
  }
}

void team_body::tried_in_vain(uint32_t slot, uint32_t place) {
  for (auto& [task, log] : ops_)
    if (log.slot == slot && std::find(log.places.begin(), log.places.end(), place) != log.places.end())
      log.in_vain = true;
}

void team_body::forget_ops(uint32_t slot) {
  std::erase_if(ops_, [&](const auto& entry) { return entry.second.slot == slot; });
}

} // namespace troupe
