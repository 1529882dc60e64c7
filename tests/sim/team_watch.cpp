// Turns, who is told what, and the history of artifacts.
#include "tests/sim/team_watch.hpp"

#include "tests/sim/team_accuse.hpp"

#include <algorithm>

namespace troupe::sim {

namespace {

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

/// What the task tells its member (JSON).
const std::string& told_by(const v1::Task& task) {
  return task.turn().context().empty() ? task.input().data() : task.turn().context();
}

/// What a member's output says about the work of others; empty when nothing.
std::string verdict_in(const json& output, const team_step& team, const std::string& role) {
  auto reviews = std::any_of(team.reviewers.begin(), team.reviewers.end(),
                             [&](uint32_t member) { return team.members[member].role == role; });
  if (!reviews || !output.is_object())
    return {};
  // What it says in the form of operations stands beside its output.
  auto said = output.contains("operations") ? output.value("output", json{}) : output;
  auto verdict = said.is_object() ? said.value("verdict", json{}) : json{};
  return verdict == "approve" || verdict == "revise" ? verdict.get<std::string>() : std::string{};
}

} // namespace

void team_watch::follow(const v1::RunEvent& event, const std::vector<command>& implied) {
  check_overdue();
  now_ms_ = std::max(now_ms_, event.at_ms());
  op_ = nullptr;
  cause_ = nullptr;
  ++events_;
  repeated_ = false;
  closes_circle_ = false;
  by_timer_ = event.has_timer_fired();
  // Not time is to free those who wait in a circle.
  if (by_timer_)
    for (const auto& [key, x] : asking_)
      check_waiting(key, x);
  if (event.has_task_operation())
    took(event.task_operation().op());
  else if (event.has_task_finished())
    ended(event.task_finished().result());
  else if (event.has_task_lost()) {
    if (auto i = tasks_.find(event.task_lost().task()); i != tasks_.end()) {
      i->second.in_flight = false;
      i->second.shaky = true;
      cause_ = &i->second;
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
    } else if (const auto* done = std::get_if<workspace_ended>(&next)) {
      if (auto team = teams_.find(done->step); team != teams_.end())
        team->second->closed = true;
    } else if (const auto* end = std::get_if<finish_run>(&next)) {
      if (!end->output.empty())
        check_output(json::parse(end->output));
    }
  }
  settle_answers();
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
  const auto& text = told_by(task);
  auto told = json::parse(text);
  auto& team = teams_[told["team"]];
  if (!team)
    team = std::make_shared<team_record>(team_record{told["team"]});
  team->rules = &rules_.at(told["goal"]);
  team->created = told["workspace"]["created"];
  record.team = team;
  record.role = task.turn().role();
  record.answering = task.turn().answering();
  record.told = std::hash<std::string>{}(text);
  judge_order(*team);
  if (record.answering) {
    record.question = told["question"]["id"];
    answer_begins(record, task.task());
  } else {
    record.turn = told["turn"];
    turn_begins(record, task.task());
  }
  check_told(record, task.task(), told);
  if (auto ahead = told_ahead_.find(task.task()); ahead != told_ahead_.end()) {
    if (ahead->second != text)
      check_told(record, task.task(), json::parse(ahead->second));
    told_ahead_.erase(ahead);
  }
  if (team->rules->plain.count(record.role) == 0)
    return;
  for (const auto& [id, other] : tasks_)
    if (id != task.task() && other.in_flight && other.team == team && other.role == record.role)
      accuse(record.role, " does two things at a time: tasks ", id, " and ", task.task());
}

void team_watch::turn_begins(const task_record& record, uint32_t task) {
  auto& team = *record.team;
  auto i = team.turns.find(record.turn);
  if (i == team.turns.end() || i->second.role != record.role || i->second.over) {
    accuse("task ", task, " is for turn ", record.turn, " of ", record.role, ", which is not under way");
    return;
  }
  auto& turn = i->second;
  if (turn.task != UINT32_MAX) {
    if (team.rules->plain.count(record.role) > 0)
      accuse("turn ", record.turn, " of ", record.role, " was begun twice: tasks ", turn.task, " and ", task);
    return;
  }
  turn.task = task;
  seen_.see(sight::turn_begun);
  if (team.rules->team->order != team_step::turns::free)
    for (const auto& [id, other] : tasks_)
      if (other.in_flight && other.team == record.team && !other.answering && other.turn != record.turn)
        accuse("turn ", record.turn, " of ", record.role, " has begun while turn ", other.turn, " of ", other.role,
               " goes on");
}

void team_watch::answer_begins(const task_record& record, uint32_t task) {
  auto& team = *record.team;
  seen_.see(sight::question_served);
  if (!team.served.emplace(record.question, task).second && team.rules->plain.count(record.role) > 0)
    accuse("question ", record.question, " is answered by two tasks");
  if (team.boxes.waiting_for(record.role).size() > 1)
    seen_.see(sight::question_chosen);
  const auto* first = team.boxes.serve(record.question, events_, now_ms_, team.rules->team->ageing.count());
  if (first != nullptr && !team.full())
    accuse(record.role, " answers ", record.question, ", and ", first->id, " comes before it: priority ",
           first->priority, ", sent at ", first->sent_ms);
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
  cause_ = &task;
  if (task.shaky)
    return;
  if (auto turn = task.team->turns.find(task.turn); !task.answering && turn != task.team->turns.end())
    turn->second.verdict = verdict_in(output, *task.team->rules->team, task.role);
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
  i->second.is_over = true;
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
  case v1::TeamEvent::kTurnEnded:
    return turn_ended(*team, event);
  case v1::TeamEvent::kMessage:
    return talked(team, event.message());
  case v1::TeamEvent::kWritten:
    return written(*team, event.role(), event.written());
  case v1::TeamEvent::kDecided: {
    auto token = token_in(json::parse(event.decided().decision(), nullptr, false));
    effect(*team, token, "a decision");
    team->decided[token] = event.role();
    ++team->entries;
    return;
  }
  case v1::TeamEvent::kNote:
    ++team->logged;
    ++team->entries;
    return effect(*team, event.note().text(), "a note");
  case v1::TeamEvent::kQuestion:
    ++team->entries;
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
  if (number == 1 && team->last_turn() > 0) {
    auto chosen = std::move(team->chosen);
    team = std::make_shared<team_record>(team_record{event.step()});
    team->chosen = std::move(chosen);
  }
  if (number != team->last_turn() + 1)
    accuse("turn ", number, " of team ", team->path, " follows turn ", team->last_turn());
  auto& turn = team->turns[number];
  turn.role = event.role();
  turn.notices = team->boxes.take(event.role());
  turn.questions = team->boxes.waiting_for(event.role());
  for (const auto& [artifact, versions] : team->history)
    turn.versions[artifact] = versions.size();
  team->unjudged.push_back(number);
  judge_order(*team);
}

void team_watch::judge_order(team_record& team) {
  if (team.rules == nullptr)
    return;
  if (!team.order)
    team.order.emplace(*team.rules->team);
  for (auto number : std::exchange(team.unjudged, {})) {
    auto& turn = team.turns.at(number);
    auto why = team.order->begins(turn.role, std::exchange(team.chosen, {}));
    if (!why.empty())
      accuse("turn ", number, " of team ", team.path, " is that of ", turn.role, ": ", why);
    turn.iteration = team.order->iteration();
    turn.phase = team.order->phase();
  }
}

void team_watch::turn_ended(team_record& team, const v1::TeamEvent& event) {
  const auto& x = event.turn_ended();
  auto& turn = team.turns[x.turn()];
  if (std::exchange(turn.over, true))
    accuse("turn ", x.turn(), " of ", event.role(), " has ended twice");
  if (x.outcome() == "failed" || !team.order)
    return;
  auto verdict = x.outcome() == "done" || x.outcome() == "refused" ? std::string{} : x.outcome();
  // What several tasks have made of it, or a team, only the product knows.
  if (team.rules->plain.count(turn.role) > 0 && verdict != turn.verdict)
    accuse("turn ", x.turn(), " of ", turn.role, " has ended as ", x.outcome(), "; it has said \"", turn.verdict, "\"");
  if (verdict == "revise")
    seen_.see(sight::sent_back);
  team.order->ends(turn.role, verdict, turn.handed_to);
}

void team_watch::talked(const std::shared_ptr<team_record>& team, const v1::AgentMessage& message) {
  message_record record{message.from(), message.to(), message.type(), {}};
  ++team->logged;
  ++team->entries;
  if (message.type() == v1::AgentMessage::TYPE_RESPONSE) {
    given_.push_back({team, message, question_of(*team, message)});
  } else {
    record.token = token_in(json::parse(message.content().data(), nullptr, false));
    if (message.type() != v1::AgentMessage::TYPE_FEEDBACK)
      effect(*team, record.token.empty() ? "" : record.token + " for " + message.to(), message.id());
    if (message.requires_response())
      asked(*team, message);
    else
      team->boxes.put(message.to(), message.id(), {});
  }
  if (message.type() == v1::AgentMessage::TYPE_HANDOFF && !team->turns.empty()) {
    seen_.see(sight::handed_over);
    if (auto& to = team->turns.rbegin()->second.handed_to; to.empty())
      to = message.to();
  }
  if (!team->messages.emplace(message.id(), std::move(record)).second)
    accuse("two messages of team ", team->path, " have the id ", message.id());
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
  team.closed = true;
  if (team.order)
    if (auto why = team.order->over(x.reason(), x.iterations(), team.chosen); !why.empty())
      accuse("team ", team.path, " has ended as ", x.reason(), " after turn ", team.last_turn(), ": ", why);
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
