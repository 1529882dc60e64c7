// Turns, who is told what, and the history of artifacts.
#include "tests/sim/team_watch.hpp"

#include "tests/sim/team_accuse.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

using turn_order = team_step::turns;

std::string token_in(const json& content) {
  if (content.is_string())
    return content.get<std::string>();
  auto i = content.is_object() ? content.find("token") : content.end();
  return content.is_object() && i != content.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

sight ending(const std::string& reason) {
  return reason == "approved"      ? sight::team_approved
         : reason == "until"       ? sight::team_until
         : reason == "rounds"      ? sight::team_rounds
         : reason == "handed_over" ? sight::team_handed_over
         : reason == "selector"    ? sight::team_selector
                                   : sight::team_at_bound;
}

/// Turns that one iteration has at most.
size_t turns_in(const team_step& team) {
  if (team.order != turn_order::by_phase)
    return team.members.size();
  size_t out = 0;
  for (const auto& phase : team.phases)
    out += phase.members.size();
  return out;
}

} // namespace

void team_watch::follow(const v1::RunEvent& event, const std::vector<command>& implied) {
  now_ms_ = event.at_ms();
  op_ = nullptr;
  repeated_ = false;
  closes_circle_ = false;
  by_timer_ = event.has_timer_fired();
  if (event.has_task_operation())
    took(event.task_operation().op());
  else if (event.has_task_finished())
    ended(event.task_finished().result());
  else if (event.has_task_lost()) {
    if (auto i = tasks_.find(event.task_lost().task()); i != tasks_.end()) {
      i->second.in_flight = false;
      i->second.shaky = true;
    }
  } else if (event.has_question_answered()) {
    const auto& x = event.question_answered();
    decisions_[{x.step(), x.question()}] = json::parse(x.content(), nullptr, false);
  } else if (event.has_run_resumed() && busy()) {
    seen_.see(sight::taken_over_in_turn);
  }
  for (const auto& next : implied) {
    if (const auto* start = std::get_if<start_task>(&next))
      begins(*start->task);
    else if (const auto* stop = std::get_if<cancel_task>(&next))
      over(stop->task);
    else if (const auto* answer = std::get_if<answer_op>(&next))
      answered(answer->answer);
    else if (const auto* update = std::get_if<publish_update>(&next)) {
      if (update->update.has_team_event())
        happened(update->update.team_event());
    } else if (const auto* end = std::get_if<finish_run>(&next)) {
      if (!end->output.empty())
        check_output(json::parse(end->output));
    }
  }
  if (closes_circle_ && !tasks_.at(op_->task()).log[op_->number() - 1].answered)
    accuse("a question of ", tasks_.at(op_->task()).role, " to ", op_->ask().to(),
           " closes a circle of those who wait, and was not refused");
  if (op_ != nullptr && repeated_) {
    const auto& known = tasks_.at(op_->task()).log[op_->number() - 1];
    op_key key{op_->task(), op_->attempt(), op_->number()};
    if (known.answered && implied_[key].size() != asked_[key])
      accuse("operation ", op_->number(), " of task ", op_->task(), " was repeated and not answered");
  }
}

bool team_watch::busy() const {
  return std::any_of(tasks_.begin(), tasks_.end(), [](const auto& x) { return x.second.in_flight; });
}

// -- tasks ------------------------------------------------------------------------------------------------------------

void team_watch::begins(const v1::Task& task) {
  if (repeated_)
    accuse("an operation that was repeated has started task ", task.task());
  if (!task.has_turn()) {
    if (task.agent() == "chooser")
      choosers_[task.task()] = task.step().substr(0, task.step().rfind('['));
    return;
  }
  auto [i, fresh] = tasks_.try_emplace(task.task());
  auto& record = i->second;
  record.attempt = task.attempt();
  record.in_flight = true;
  record.shaky = false;
  if (!fresh) {
    if (!record.answering && record.team->turns[record.turn].over)
      accuse("turn ", record.turn, " of ", record.role, " goes on although it has ended");
    return;
  }
  auto told = json::parse(task.turn().context().empty() ? task.input().data() : task.turn().context());
  auto& team = teams_[told["team"]];
  if (!team)
    team = std::make_shared<team_record>(team_record{told["team"]});
  team->rules = &rules_.at(told["goal"]);
  team->created = told["workspace"]["created"];
  record.team = team;
  record.role = task.turn().role();
  record.answering = task.turn().answering();
  if (told["role"] != record.role || (told["kind"] == "answer") != record.answering)
    accuse("task ", task.task(), " tells ", record.role, " that it is somebody else");
  if (record.answering) {
    record.question = told["question"]["id"];
    answer_begins(record, task.task(), told);
  } else {
    record.turn = told["turn"];
    turn_begins(task, record, told);
  }
  if (team->rules->plain.count(record.role) == 0)
    return;
  for (const auto& [id, other] : tasks_)
    if (id != task.task() && other.in_flight && other.team == team && other.role == record.role)
      accuse(record.role, " does two things at a time: tasks ", id, " and ", task.task());
}

void team_watch::turn_begins(const v1::Task& task, task_record& record, const json& told) {
  auto& team = *record.team;
  auto i = team.turns.find(record.turn);
  if (i == team.turns.end() || i->second.role != record.role || i->second.over) {
    accuse("task ", task.task(), " is for turn ", record.turn, " of ", record.role, ", which is not under way");
    return;
  }
  auto& turn = i->second;
  if (turn.task != UINT32_MAX) {
    if (team.rules->plain.count(record.role) > 0)
      accuse("turn ", record.turn, " of ", record.role, " was begun twice: tasks ", turn.task, " and ", task.task());
    return;
  }
  turn.task = task.task();
  seen_.see(sight::turn_begun);
  check_order(team, record.turn, told);
  std::set<std::string> notices;
  for (const auto& x : told["inbox"])
    if (x["type"] != "request" && x["type"] != "response")
      notices.insert(x["id"].get<std::string>());
  if (notices != turn.notices)
    accuse(record.role, " is told of ", notices.size(), " messages at its turn ", record.turn, ", and was sent ",
           turn.notices.size());
  seen_.see(sight::message_delivered, notices.size());
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

void team_watch::check_order(const team_record& team, uint32_t turn, const json& told) {
  const auto& rules = *team.rules->team;
  const auto& role = team.turns.at(turn).role;
  if (turn > turns_in(rules) * rules.max_iterations)
    accuse("turn ", turn, " of team ", team.path, " lies beyond its bound");
  if (rules.order == turn_order::free)
    return;
  for (const auto& [id, task] : tasks_)
    if (task.in_flight && task.team.get() == &team && !task.answering && task.turn != turn)
      accuse("turn ", turn, " of ", role, " has begun while turn ", task.turn, " of ", task.role, " goes on");
  auto before = team.turns.find(turn - 1);
  std::string expected;
  if (rules.order == turn_order::round_robin || rules.selector)
    expected = rules.members[(turn - 1) % rules.members.size()].role;
  else if (rules.order == turn_order::selector)
    expected = team.chosen;
  else if (rules.order == turn_order::handoff && turn == 1)
    expected = rules.members.front().role;
  else if (rules.order == turn_order::handoff && before != team.turns.end())
    expected = before->second.handed_to;
  if (rules.order == turn_order::handoff && expected.empty() && turn > 2 && before->second.revises)
    expected = team.turns.at(turn - 2).role;
  if (rules.order == turn_order::by_phase)
    for (const auto& phase : rules.phases)
      if (phase.name == told["phase"])
        for (auto member : phase.members)
          if (rules.members[member].role == role)
            expected = role;
  if (role != expected)
    accuse("turn ", turn, " of team ", team.path, " is that of ", role, "; the order of turns says \"", expected, "\"");
}

void team_watch::answer_begins(const task_record& record, uint32_t task, const json& told) {
  auto& team = *record.team;
  seen_.see(sight::question_served);
  auto message = team.messages.find(record.question);
  if (message == team.messages.end() || message->second.to != record.role
      || message->second.type != v1::AgentMessage::TYPE_REQUEST
      || message->second.token != token_in(told["question"]["content"]))
    accuse("task ", task, " is to answer ", record.question, ", which nobody has asked ", record.role);
  if (!team.served.emplace(record.question, task).second && team.rules->plain.count(record.role) > 0)
    accuse("question ", record.question, " is answered by two tasks");
}

void team_watch::ended(const v1::TaskResult& result) {
  auto output = result.status() == v1::TASK_STATUS_SUCCESS ? json::parse(result.output().data(), nullptr, false)
                                                           : json(json::value_t::discarded);
  resolved_ = output.is_discarded() ? json{} : output;
  if (auto chooser = choosers_.find(result.task()); chooser != choosers_.end() && resolved_.is_object()) {
    auto& team = teams_[chooser->second];
    if (!team)
      team = std::make_shared<team_record>(team_record{chooser->second});
    team->chosen = resolved_.value("next", "");
  }
  auto i = tasks_.find(result.task());
  if (i == tasks_.end())
    return;
  check_lost_answers(result.task(), result.attempt());
  auto& task = i->second;
  task.in_flight = false;
  task.shaky = output.is_discarded();
  if (task.shaky)
    return;
  if (task.answering) {
    if (output.is_object() && output.contains("operations"))
      output = output.value("output", json{});
    task.team->answers[task.question].push_back(std::move(output));
  }
  over(result.task());
}

void team_watch::over(uint32_t id) {
  auto i = tasks_.find(id);
  if (i == tasks_.end())
    return;
  i->second.in_flight = false;
  std::erase_if(waits_[i->second.team->path], [&](const edge& x) { return x.task == id; });
}

// -- what watchers are told -------------------------------------------------------------------------------------------

void team_watch::happened(const v1::TeamEvent& event) {
  if (repeated_)
    accuse("an operation that was repeated took effect again: ", event.ShortDebugString());
  auto& team = teams_[event.step()];
  if (!team)
    team = std::make_shared<team_record>(team_record{event.step()});
  switch (event.what_case()) {
  case v1::TeamEvent::kTurnBegan:
    return turn_began(team, event);
  case v1::TeamEvent::kTurnEnded: {
    auto& turn = team->turns[event.turn_ended().turn()];
    if (std::exchange(turn.over, true))
      accuse("turn ", event.turn_ended().turn(), " of ", event.role(), " has ended twice");
    turn.revises = event.turn_ended().outcome() == "revise";
    if (turn.revises)
      seen_.see(sight::sent_back);
    return;
  }
  case v1::TeamEvent::kMessage:
    return talked(*team, event.message());
  case v1::TeamEvent::kWritten:
    return written(*team, event.role(), event.written());
  case v1::TeamEvent::kDecided: {
    auto token = token_in(json::parse(event.decided().decision(), nullptr, false));
    effect(*team, token, "a decision");
    team->decided[token] = event.role();
    return;
  }
  case v1::TeamEvent::kNote:
    ++team->logged;
    return effect(*team, event.note().text(), "a note");
  case v1::TeamEvent::kQuestion:
    if (event.question().question().find("current or proposed") != std::string::npos)
      posted_.push_back({run_, event.step(), event.question().id()});
    else
      effect(*team, event.question().question(), "an open question");
    return;
  case v1::TeamEvent::kEnded:
    return team_ended(*team, event.ended());
  default:
    return;
  }
}

void team_watch::turn_began(std::shared_ptr<team_record>& team, const v1::TeamEvent& event) {
  auto number = event.turn_began().turn();
  // Its step is tried again, or its member has another turn: a new team at the same place.
  if (number == 1 && team->last_turn() > 0)
    team = std::make_shared<team_record>(team_record{event.step()});
  if (number != team->last_turn() + 1)
    accuse("turn ", number, " of team ", team->path, " follows turn ", team->last_turn());
  auto& turn = team->turns[number];
  turn.role = event.role();
  turn.notices = std::exchange(team->notices[event.role()], {});
  for (const auto& [artifact, versions] : team->history)
    turn.versions[artifact] = versions.size();
}

void team_watch::talked(team_record& team, const v1::AgentMessage& message) {
  message_record record{message.from(), message.to(), message.type(), {}};
  ++team.logged;
  auto request = message.type() == v1::AgentMessage::TYPE_REQUEST;
  if (message.type() != v1::AgentMessage::TYPE_RESPONSE) {
    record.token = token_in(json::parse(message.content().data(), nullptr, false));
    if (message.type() != v1::AgentMessage::TYPE_FEEDBACK)
      effect(team, record.token.empty() ? "" : record.token + " for " + message.to(), message.id());
    if (!request)
      team.notices[message.to()].insert(message.id());
  }
  if (message.type() == v1::AgentMessage::TYPE_HANDOFF && !team.turns.empty()) {
    seen_.see(sight::handed_over);
    if (auto& to = team.turns.rbegin()->second.handed_to; to.empty())
      to = message.to();
  }
  if (!team.messages.emplace(message.id(), std::move(record)).second)
    accuse("two messages of team ", team.path, " have the id ", message.id());
}

void team_watch::written(team_record& team, const std::string& role, const v1::ArtifactWritten& x) {
  auto& history = team.history[x.artifact()];
  if (x.version() != history.size() + 1)
    accuse("version ", x.version(), " of ", x.artifact(), " follows version ", history.size());
  history.push_back({role, x.conflict()});
  const auto& conflict = x.conflict();
  if (!conflict.empty())
    seen_.see(conflict == "last_writer" ? sight::conflict_last_writer
              : conflict == "merge"     ? sight::conflict_merged
              : conflict == "vote"      ? sight::conflict_voted
              : conflict == "agent"     ? sight::conflict_settled_by_agent
                                        : sight::conflict_settled_by_person);
}

void team_watch::team_ended(team_record& team, const v1::TeamEnded& x) {
  team.ended = x.reason();
  seen_.see(ending(x.reason()));
  if (x.turns() != team.last_turn())
    accuse("team ", team.path, " has ended after ", x.turns(), " turns, of which ", team.last_turn(), " were seen");
}

void team_watch::effect(team_record& team, const std::string& token, const std::string& what) {
  if (token.empty())
    return;
  auto [i, fresh] = team.effects.emplace(token, what);
  if (!fresh)
    accuse("one operation took effect twice: ", token, " became ", i->second, " and ", what);
}

} // namespace troupe::sim
