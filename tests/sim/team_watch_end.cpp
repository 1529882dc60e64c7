// What is left of a team in the end, and what has got lost on its way.
#include "tests/sim/team_accuse.hpp"
#include "tests/sim/team_watch.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

/// Entries of the log that a workspace shows.
constexpr size_t shown_log = 50;

} // namespace

void team_watch::check_output(const json& output) {
  if (output.is_array() || output.is_object())
    for (const auto& inner : output)
      check_output(inner);
  if (!output.is_object() || !output.contains("communication_log") || !output.contains("versions"))
    return;
  if (!output.contains("id")) {
    // The output of a team that says nothing else; there is one in such a document.
    auto found = teams_.find("t");
    if (found == teams_.end())
      return accuse("the run has the output of a team that nobody has seen");
    const auto& team = *found->second;
    if (output["ended"] != team.ended || output["turns"] != team.last_turn())
      accuse("team ", team.path, " says that it ended as ", output["ended"].dump(), " after ", output["turns"].dump(),
             " turns; it was ", team.ended, " after ", team.last_turn());
    for (const auto& x : output["changes"]) {
      auto history = team.history.find(x["artifact"]);
      auto version = x["version"].get<size_t>();
      if (history == team.history.end() || version > history->second.size()
          || (!history->second[version - 1].author.empty() && history->second[version - 1].author != x["author"]))
        accuse("the history of ", x["artifact"].dump(), " is not what happened: ", x.dump());
    }
    auto shown = output;
    shown["decisions_made"] = output["decisions"];
    return check_workspace(team, shown);
  }
  auto found = teams_.find(output["id"].get<std::string>());
  if (found == teams_.end())
    return accuse("the run has the workspace of a team that nobody has seen");
  // Of a member that is a team itself, what it yielded at an earlier turn.
  if (found->second->created == output["created"])
    check_workspace(*found->second, output);
}

void team_watch::check_workspace(const team_record& team, const json& shown) const {
  seen_.see(sight::workspace_compared);
  for (const auto& [artifact, history] : team.history) {
    if (history.empty())
      continue;
    if (shown["versions"].value(artifact, uint64_t{0}) != history.size()) {
      accuse("artifact ", artifact, " is at version ", shown["versions"].dump(), " in the end; ", history.size(),
             " were written");
      continue;
    }
    auto value = shown["artifacts"].find(artifact);
    if (value == shown["artifacts"].end() || (!history.back().value.is_null() && *value != history.back().value))
      accuse("artifact ", artifact, " is in the end not what was written last");
    // Under these two nobody overwrites what he has not seen, and members keep what they have seen. Only what an
    // attempt has left behind that did not live to see its end may be overwritten by the next one, or by the fallback.
    auto keeps = team.policy() == team_step::conflict::reject || team.policy() == team_step::conflict::merge;
    if (auto told = team.acknowledged.find(artifact); keeps && told != team.acknowledged.end())
      for (const auto& [token, to] : told->second)
        if (!value->contains(token) && ended_its_turn(to.task, to.attempt))
          accuse("what ", to.role, " wrote into ", artifact, " (", token, ") was acknowledged and is lost");
  }
  std::set<std::string> decided;
  for (const auto& x : shown["decisions_made"])
    if (x["decision"].is_object())
      decided.insert(x["decision"].value("token", "") + " of " + x["by"].get<std::string>());
  for (const auto& [token, role] : team.decided)
    if (decided.count(token + " of " + role) == 0)
      accuse("a decision of ", role, " (", token, ") is lost");
  if (team.logged > shown_log)
    return;
  std::set<std::string> logged;
  for (const auto& x : shown["communication_log"])
    if (x.contains("id"))
      logged.insert(x["id"].get<std::string>());
  for (const auto& [id, message] : team.messages)
    if (logged.count(id) == 0)
      accuse("message ", id, " from ", message.from, " to ", message.to, " is lost");
}

bool team_watch::ended_its_turn(uint32_t id, uint32_t attempt) const {
  const auto& task = tasks_.at(id);
  return task.attempt == attempt && std::none_of(tasks_.upper_bound(id), tasks_.end(), [&](const auto& later) {
           const auto& x = later.second;
           return x.team == task.team && x.turn == task.turn && !x.answering;
         });
}

void team_watch::check_lost_answers(uint32_t task, uint32_t attempt) {
  for (auto i = unheard_.lower_bound({task, attempt, 0}); i != unheard_.end(); i = unheard_.erase(i)) {
    if (std::get<0>(i->first) != task || std::get<1>(i->first) != attempt)
      return;
    auto since = i->second;
    if (time_.now() - judge_.quiet_since(since) > longest_way)
      accuse("the answer to operation ", std::get<2>(i->first), " of task ", task, " attempt ", attempt,
             " never came to its agent");
  }
}

} // namespace troupe::sim
