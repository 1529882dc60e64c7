// What agents are really told when they begin, and whom they wait for: both as they see it themselves.
#include "tests/sim/team_accuse.hpp"
#include "tests/sim/team_watch.hpp"

#include <algorithm>
#include <set>

namespace troupe::sim {

// -- what they are told -----------------------------------------------------------------------------------------------

void team_watch::begun(const v1::Task& task) {
  const auto& text = task.turn().context().empty() ? task.input().data() : task.turn().context();
  auto i = tasks_.find(task.task());
  if (i == tasks_.end()) {
    told_ahead_[task.task()] = text;
    return;
  }
  if (std::hash<std::string>{}(text) == i->second.told)
    return;
  check_told(i->second, task.task(), json::parse(text));
  accuse("task ", task.task(), " tells ", i->second.role, " something else than the journal does");
}

void team_watch::check_told(const task_record& record, uint32_t task, const json& told) {
  auto& team = *record.team;
  if ((told["kind"] == "answer") != record.answering)
    accuse("task ", task, " is a turn and an answer at a time");
  if (!record.answering)
    return check_turn_told(record, told);
  auto message = team.messages.find(told["question"]["id"]);
  if (message == team.messages.end() || message->second.to != record.role || told["role"] != record.role
      || message->second.type != v1::AgentMessage::TYPE_REQUEST || team.messages.find(record.question) != message)
    accuse("task ", task, " is to answer ", told["question"]["id"].dump(), ", which nobody has asked ", record.role);
  auto content = told["question"]["content"];
  if (message != team.messages.end()
      && message->second.token != (content.is_object() ? content.value("token", "") : ""))
    accuse("task ", task, " is told of another question than ", message->second.from, " has asked");
}

void team_watch::check_turn_told(const task_record& record, const json& told) {
  auto& team = *record.team;
  const auto& rules = *team.rules->team;
  auto found = team.turns.find(record.turn);
  if (found == team.turns.end())
    return;
  auto& turn = found->second;
  if (told["role"] != turn.role || told["turn"] != record.turn)
    accuse("turn ", record.turn, " of team ", team.path, " is given to ", told["role"].dump(), " as turn ",
           told["turn"].dump(), "; ", turn.role, " is next");
  if (told["iteration"] != turn.iteration || told["phase"] != turn.phase)
    accuse("turn ", record.turn, " of ", record.role, " is told that this is iteration ", told["iteration"].dump(),
           ", phase ", told["phase"].dump(), "; it is ", turn.iteration, ", phase \"", turn.phase, "\"");
  if (rules.order != team_step::turns::by_phase && turn.iteration > rules.max_iterations)
    accuse("turn ", record.turn, " of team ", team.path, " lies beyond its bound");
  check_inbox_told(team, turn, record.turn, told["inbox"]);
  for (const auto& x : told["artifacts"]) {
    auto name = x["name"].get<std::string>();
    auto version = x["version"].get<size_t>();
    auto& known = turn.versions[name];
    // What the team began with.
    if (record.turn == 1 && team.history.count(name) == 0)
      team.history[name].resize(known = version);
    if (known != version)
      accuse(record.role, " is told that ", name, " is at version ", version, ", and it was at ", known);
  }
}

void team_watch::check_inbox_told(team_record& team, const turn_record& turn, uint32_t number, const json& inbox) {
  auto missing = turn.notices;
  auto questions = turn.questions;
  for (const auto& x : inbox) {
    auto id = x["id"].get<std::string>();
    if (x["requires_response"] == true) {
      if (questions.erase(id) == 0)
        accuse(turn.role, " is told at its turn ", number, " that ", id, " waits for its answer, and it does not");
      continue;
    }
    auto about = x.value("in_reply_to", "");
    auto known = missing.find(id);
    if (known == missing.end() && about.empty() && !team.full())
      accuse(turn.role, " is told of ", id, " at its turn ", number, ", which is news to nobody, or not for it");
    else if (known == missing.end() && !team.full())
      accuse(turn.role, " is told of ", id, " at its turn ", number, ", an answer to ", about,
             " that has been told already or is not for it");
    else if (known != missing.end() && !known->second.empty() && known->second != about)
      accuse(turn.role, " is told that ", id, " answers ", about, "; it answers ", known->second);
    if (!about.empty())
      team.boxes.close(about);
    if (known != missing.end())
      missing.erase(known);
    seen_.see(sight::message_delivered);
  }
  for (const auto& [id, about] : missing)
    accuse(turn.role, " was sent ", id, about.empty() ? "" : ", the answer to " + about,
           ", and is not told of it at its turn ", number);
  if (!questions.empty() && !team.full())
    accuse(turn.role, " is not told at its turn ", number, " that ", *questions.begin(), " waits for its answer");
}

// -- whom they wait for -----------------------------------------------------------------------------------------------

void team_watch::attempt_ended(const v1::TaskResult& result) {
  auto i = asking_.lower_bound({result.task(), result.attempt(), 0});
  while (i != asking_.end() && std::get<0>(i->first) == result.task() && std::get<1>(i->first) == result.attempt()) {
    check_waiting(i->first, i->second);
    const auto& task = tasks_.at(result.task());
    auto waited = time_.now() - judge_.quiet_since(i->second.since);
    if (task.in_flight && task.attempt == result.attempt() && waited > i->second.timeout + longest_way)
      accuse(i->second.from, " has asked ", i->second.to, " and waited for ", waited / msec, " ms; it had ",
             i->second.timeout / msec, ", and never heard anything");
    i = asking_.erase(i);
  }
}

void team_watch::check_waiting(const op_key& key, const asking& x) const {
  const auto& task = tasks_.at(std::get<0>(key));
  if (task.in_flight && task.attempt == std::get<1>(key) && waits_in_circle(x))
    accuse(x.from, " has waited for ", x.to, " since ", x.since / msec,
           " ms, in a circle of those who wait, and no question of it was refused");
}

bool team_watch::waits_in_circle(const asking& x) const {
  auto long_enough = [&](const asking& y) { return time_.now() - judge_.quiet_since(y.since) > longest_refusal; };
  if (!long_enough(x))
    return false;
  std::set<std::string> reached{x.to};
  for (auto grown = true; grown;) {
    grown = false;
    for (const auto& [key, y] : asking_) {
      const auto& task = tasks_.at(std::get<0>(key));
      if (y.team == x.team && reached.count(y.from) > 0 && task.in_flight && task.attempt == std::get<1>(key)
          && long_enough(y))
        grown = reached.insert(y.to).second || grown;
    }
  }
  return reached.count(x.from) > 0;
}

} // namespace troupe::sim
