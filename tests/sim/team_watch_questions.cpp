// Questions: that each is answered, in time and by whom it was put to, who hears of it, and who waits for whom.
#include "tests/sim/team_accuse.hpp"
#include "tests/sim/team_watch.hpp"

#include <algorithm>
#include <set>

namespace troupe::sim {

namespace {

/// Of a response that is none.
std::string why_none(const v1::AgentMessage& message) {
  auto content = json::parse(message.content().data(), nullptr, false);
  return content.is_object() ? content.value("error", "") : std::string{};
}

int64_t timeout_of(const v1::AskTeammate& ask, const team_step& team) {
  return ask.timeout_ms() > 0 ? int64_t{ask.timeout_ms()} : team.request_timeout.count();
}

} // namespace

// -- what waits for an answer -----------------------------------------------------------------------------------------

void team_watch::asked(team_record& team, const v1::AgentMessage& message) {
  // Those in outputs and in the documents say nothing of priority and time.
  team_inboxes::question x{message.id(), message.from(), message.to(), 0, now_ms_};
  x.event = events_;
  if (op_ != nullptr && op_->has_ask() && !repeated_ && tasks_.at(op_->task()).team.get() == &team) {
    x.priority = std::clamp(op_->ask().priority(), -100, 100);
    x.timeout_ms = op_->ask().timeout_ms();
    x.task = op_->task();
    x.number = op_->number();
  }
  if (message.priority() != x.priority)
    accuse("question ", message.id(), " has priority ", message.priority(), "; it was asked with ", x.priority);
  team.boxes.asked(std::move(x));
}

void team_watch::check_overdue() {
  for (auto i = open_asks_.begin(); i != open_asks_.end();) {
    const auto& task = tasks_.at(i->first);
    const auto& team = *task.team;
    auto turn = team.turns.find(task.turn);
    if (task.is_over || team.closed || (!task.answering && turn != team.turns.end() && turn->second.over)) {
      i = open_asks_.erase(i);
      continue;
    }
    const auto& op = task.log.at(i->second - 1);
    auto waited = time_.now() - judge_.quiet_since(op.asked);
    auto timeout = timeout_of(op.op.ask(), *team.rules->team);
    if (!task.shaky && waited > timeout * msec + longest_way)
      accuse("question ", i->second, " of ", task.role, " (task ", i->first, ") to ", op.op.ask().to(),
             " has been waiting for ", waited / msec, " ms; it had ", timeout, ", and nobody has answered it");
    ++i;
  }
}

// -- who hears of an answer -------------------------------------------------------------------------------------------

void team_watch::settle_answers() {
  for (const auto& x : std::exchange(given_, {}))
    settle_answer(x);
  // Where time ran out, or the log was full, nobody has said anything.
  for (const auto& [task, number] : std::exchange(heard_now_, {}))
    tasks_.at(task).team->boxes.close_of(task, number);
}

std::string team_watch::question_of(const team_record& team, const v1::AgentMessage& message) const {
  if (op_ != nullptr && op_->has_answer() && tasks_.at(op_->task()).team.get() == &team)
    return op_->answer().request();
  auto late = by_timer_ && message.failed() && why_none(message).find("could not answer") == std::string::npos;
  auto timeout = team.rules->team->request_timeout.count();
  auto hint = cause_ != nullptr && cause_->team.get() == &team ? cause_->question : std::string{};
  const auto* out = late ? team.boxes.out_of_time(message.from(), message.to(), now_ms_, timeout)
                         : team.boxes.answered_by(message.from(), message.to(), hint);
  return out == nullptr ? std::string{} : out->id;
}

void team_watch::settle_answer(const given_answer& x) {
  auto& team = *x.team;
  const auto& message = x.message;
  const auto* question = team.boxes.find(x.question);
  if (question == nullptr) {
    auto for_waiter = std::any_of(heard_now_.begin(), heard_now_.end(), [&](const ask_key& key) {
      const auto& asker = tasks_.at(key.first);
      return asker.team == x.team && asker.role == message.to()
             && asker.log.at(key.second - 1).op.ask().to() == message.from();
    });
    // Which of several it was, the one who is told of it will say.
    team.boxes.doubt(message.from(), message.to());
    if (!for_waiter)
      team.boxes.put(message.to(), message.id(), {});
    return;
  }
  const auto& id = x.question;
  auto heard = question->task != team_inboxes::nobody && heard_now_.count({question->task, question->number}) > 0;
  auto waits = surely_waits(*question);
  auto plain = team.rules->plain.count(message.from()) > 0;
  auto asker = question->task;
  team.boxes.close(id);
  if (!message.failed() && plain) {
    const auto& possible = team.answers[id];
    auto content = json::parse(message.content().data(), nullptr, false);
    auto nothing = content.is_null() && team.rules->tolerant.count(message.from()) > 0;
    if (!nothing && std::find(possible.begin(), possible.end(), content) == possible.end())
      accuse("the answer to ", id, " is one that ", message.from(), " has never given: ", content.dump());
  }
  // A fallback goes on without what the agent before it has asked: then nobody waits, and the answer is for the inbox.
  if (heard && superseded(asker))
    accuse(message.from(), " has answered ", id, " of ", message.to(), ", and only its agent that has failed is told");
  if (heard)
    return;
  if (waits)
    accuse(message.from(), " has answered ", id, " of ", message.to(), ", who waits for it and does not hear of it");
  seen_.see(sight::answer_to_inbox);
  team.boxes.put(message.to(), message.id(), id);
}

bool team_watch::superseded(uint32_t id) const {
  const auto& task = tasks_.at(id);
  const auto& work = *task.team->rules->members.at(task.role)->work;
  return work.fallback && std::any_of(tasks_.upper_bound(id), tasks_.end(), [&](const auto& later) {
           const auto& x = later.second;
           return x.team == task.team && x.role == task.role && x.answering == task.answering && x.turn == task.turn
                  && x.question == task.question;
         });
}

bool team_watch::surely_waits(const team_inboxes::question& x) const {
  auto i = x.task == team_inboxes::nobody ? tasks_.end() : tasks_.find(x.task);
  if (i == tasks_.end() || i->second.is_over || i->second.shaky || x.number > i->second.log.size())
    return false;
  const auto& op = i->second.log[x.number - 1];
  return op.has_come && op.op.has_ask() && !op.answered;
}

// -- what those who ask are told --------------------------------------------------------------------------------------

void team_watch::check_question(task_record& task, op_record& op, const v1::OpAnswer& answer, const json& value) {
  auto& team = *task.team;
  const auto& ask = op.op.ask();
  auto& waits = waits_[team.path];
  std::erase_if(waits, [&](const edge& x) { return x.task == answer.task() && x.number == answer.number(); });
  auto timeout = timeout_of(ask, *team.rules->team);
  if (time_.now() - judge_.quiet_since(op.asked) > timeout * msec + longest_way)
    accuse("a question of ", task.role, " was answered after ", (time_.now() - op.asked) / msec, " ms; it had ",
           timeout);
  if (answer.has_error())
    return check_question_refused(task, op, answer, timeout);
  seen_.see(sight::question_answered);
  auto id = value["request"].get<std::string>();
  auto message = team.messages.find(id);
  if (message == team.messages.end() || message->second.from != task.role || message->second.to != ask.to()
      || message->second.token != op.token)
    accuse(task.role, " got the answer to another question than it has asked");
  const auto& possible = team.answers[id];
  auto nothing = value["content"].is_null() && team.rules->tolerant.count(ask.to()) > 0;
  if (team.rules->plain.count(ask.to()) > 0 && !nothing
      && std::find(possible.begin(), possible.end(), value["content"]) == possible.end())
    accuse(task.role, " got an answer that ", ask.to(), " has never given: ", value.dump());
}

void team_watch::check_question_refused(const task_record& task, const op_record& op, const v1::OpAnswer& answer,
                                        int64_t timeout) {
  const auto& team = *task.team;
  const auto& ask = op.op.ask();
  auto at_once = op_ == &op.op || (op_ != nullptr && op_->task() == answer.task() && op_->number() == answer.number());
  auto code = answer.error().code();
  const auto& allowed = team.rules->members.at(task.role)->interacts_with;
  auto known = team.rules->members.count(ask.to()) > 0;
  auto may = known && ask.to() != task.role && (!allowed || allowed->count(ask.to()) > 0);
  if (code == v1::ERROR_CODE_FORBIDDEN || code == v1::ERROR_CODE_NOT_FOUND) {
    if (may || !at_once || known == (code == v1::ERROR_CODE_NOT_FOUND))
      accuse("a question of ", task.role, " to ", ask.to(), " was refused as ", v1::ErrorCode_Name(code));
  } else if (!may) {
    accuse(task.role, " has asked ", ask.to(), ", whom it may not address");
  } else if (code == v1::ERROR_CODE_DEADLOCK) {
    if (!at_once || !circle(team, task.role, ask.to(), false))
      accuse("a question of ", task.role, " to ", ask.to(), " was refused as a deadlock, and nobody waits in a circle");
  } else if (code == v1::ERROR_CODE_TIMED_OUT && by_timer_ && answer.error().retryable()) {
    if (now_ms_ - op.asked_ms < timeout)
      accuse("a question of ", task.role, " ran out of time after ", now_ms_ - op.asked_ms, " ms; it had ", timeout);
  }
}

bool team_watch::circle(const team_record& team, const std::string& from, const std::string& to, bool surely) const {
  std::set<std::string> reached{to};
  auto waits = waits_.find(team.path);
  for (auto grown = waits != waits_.end(); grown;) {
    grown = false;
    for (const auto& x : waits->second)
      if (reached.count(x.from) > 0 && !(surely && tasks_.at(x.task).shaky) && !superseded(x.task))
        grown = reached.insert(x.to).second || grown;
  }
  return reached.count(from) > 0;
}

} // namespace troupe::sim
