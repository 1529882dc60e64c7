// What members do in mid-turn, what they are told of it, and who waits for whom.
#include "tests/sim/team_accuse.hpp"
#include "tests/sim/team_watch.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace troupe::sim {

namespace {

/// Everything but whose it is.
std::string content_of(const v1::TaskOp& op) {
  auto bare = op;
  bare.clear_run_id();
  bare.clear_task();
  bare.clear_attempt();
  bare.clear_epoch();
  bare.clear_number();
  return bare.SerializeAsString();
}

std::string text_of(const v1::OpAnswer& answer) {
  if (!answer.has_error())
    return answer.value();
  return "refused: " + v1::ErrorCode_Name(answer.error().code()) + ": " + answer.error().message();
}

bool is_too_much(const v1::Error& why) {
  return why.code() == v1::ERROR_CODE_RESOURCE_EXHAUSTED;
}

bool is_write(const v1::TaskOp& op) {
  return op.has_put() || op.has_decide() || op.has_handoff();
}

const char* word_for(team_step::conflict policy) {
  constexpr const char* names[] = {"reject", "last_writer", "merge", "vote", "agent", "human"};
  return names[static_cast<size_t>(policy)];
}

} // namespace

// -- agents -----------------------------------------------------------------------------------------------------------

void team_watch::sent(const v1::TaskOp& op, const std::string& token, uint64_t seen) {
  seen_.see(sight::op_sent);
  sent_[{op.task(), content_of(op)}] = {token, seen};
  // Of what has begun ahead of the journal, nobody knows yet who it is.
  auto i = tasks_.find(op.task());
  if (!op.has_ask() || i == tasks_.end())
    return;
  const auto& team = i->second.team;
  auto timeout =
      op.ask().timeout_ms() > 0 ? int64_t{op.ask().timeout_ms()} : team->rules->team->request_timeout.count();
  asking_[{op.task(), op.attempt(), op.number()}] = {team, i->second.role, op.ask().to(), time_.now(), timeout * msec};
}

void team_watch::heard(const v1::TaskOp& op, const std::string& token, const v1::OpAnswer& answer) {
  seen_.see(sight::op_heard);
  auto i = tasks_.find(op.task());
  if (i == tasks_.end()) {
    // It has begun ahead of the journal, whose coordinator refuses by itself what comes too late, or is too much.
    if (answer.has_error() && (answer.error().code() == v1::ERROR_CODE_FENCED || is_too_much(answer.error())))
      return;
    accuse("task ", op.task(), " was told what became of an operation, and has never begun");
    return;
  }
  auto& task = i->second;
  auto& team = *task.team;
  if (!answer.has_error() && task.answering && is_write(op))
    accuse("a write of ", task.role, " was accepted, who answers a question: ", op.ShortDebugString());
  op_key key{op.task(), op.attempt(), op.number()};
  if (auto waiting = asking_.find(key); waiting != asking_.end()) {
    check_waiting(key, waiting->second);
    asking_.erase(waiting);
  }
  unheard_.erase(key);
  if (answer.has_error())
    count_refusal(task, op, answer.error());
  else if (op.has_put()) {
    auto version = json::parse(answer.value())["version"].get<uint64_t>();
    check_version(team, task.role, op, sent_[{op.task(), content_of(op)}].seen, version);
    team.acknowledged[op.put().artifact()][token] = {task.role, op.task(), op.attempt()};
  }
  // A coordinator says of itself that it has no use for what comes too late, or is too much.
  auto too_much = op.number() > team.rules->team->limits.operations_per_turn;
  if (answer.has_error() && (too_much || answer.error().code() == v1::ERROR_CODE_FENCED))
    return;
  const auto& durable = implied_[key];
  if (std::find(durable.begin(), durable.end(), text_of(answer)) == durable.end())
    accuse("task ", op.task(), " attempt ", op.attempt(), " was told what no stored event says: ", text_of(answer));
}

void team_watch::check_version(team_record& team, const std::string& role, const v1::TaskOp& op, uint64_t seen,
                               uint64_t version) {
  const auto& history = team.history[op.put().artifact()];
  if (version == 0 || version > history.size()) {
    accuse("version ", version, " of ", op.put().artifact(), " was acknowledged and does not exist");
    return;
  }
  const auto& written = history[version - 1];
  auto policy = team.policy();
  if (written.author != role && policy != team_step::conflict::vote)
    accuse("version ", version, " of ", op.put().artifact(), " was acknowledged to ", role, "; it is that of ",
           written.author);
  auto base = op.put().has_expected_version() ? op.put().expected_version() : seen;
  // What it wrote itself in an earlier attempt is nobody else's.
  while (!op.put().has_expected_version() && base + 1 < version && history[base].task == op.task())
    ++base;
  if (base + 1 < version && (policy == team_step::conflict::reject || written.conflict != word_for(policy)))
    accuse("a write of ", role, " became version ", version, " of ", op.put().artifact(), "; it was made from version ",
           base, " and never saw what ", history[version - 2].author, " wrote");
}

// -- the store --------------------------------------------------------------------------------------------------------

void team_watch::took(const v1::TaskOp& op) {
  op_ = &op;
  auto i = tasks_.find(op.task());
  if (i == tasks_.end() || !i->second.in_flight || i->second.attempt != op.attempt()) {
    accuse("an operation was taken of task ", op.task(), " attempt ", op.attempt(), ", which is not under way");
    return;
  }
  auto& task = i->second;
  if (!task.answering && task.team->turns[task.turn].over)
    accuse("an operation of ", task.role, " was taken, whose turn is over");
  ++asked_[{op.task(), op.attempt(), op.number()}];
  auto content = content_of(op);
  auto position = op.number() - 1;
  if (op.number() == 0 || op.number() > task.team->rules->team->limits.operations_per_turn) {
    accuse("operation ", op.number(), " of task ", op.task(), " was taken, which lies beyond the bound of its team");
    return;
  }
  if (position < task.log.size() && task.log[position].has_come) {
    auto& known = task.log[position];
    if (known.content == content) {
      repeated_ = !known.reads;
      if (repeated_)
        seen_.see(known.attempt == op.attempt() ? sight::op_doubled : sight::op_repeated);
      known.attempt = op.attempt();
      return;
    }
    seen_.see(sight::conversation_anew);
    drop_from(task, op.task(), position);
  }
  auto sent = sent_.find({op.task(), content});
  task.log.resize(std::max<size_t>(task.log.size(), op.number()));
  task.log[position] = {
      true, op.attempt(), content, op, sent == sent_.end() ? "" : sent->second.token, op.has_get() || op.has_inbox()};
  task.log[position].asked_ms = now_ms_;
  task.log[position].asked = time_.now();
  closes_circle_ = op.has_ask() && circle(*task.team, task.role, op.ask().to(), true);
  // Whoever asked hears it before whoever answers.
  if (op.has_answer())
    task.team->answers[op.answer().request()].push_back(json::parse(op.answer().content()));
  if (op.has_ask()) {
    waits_[task.team->path].push_back({task.role, op.ask().to(), op.task(), op.number()});
    open_asks_.emplace(op.task(), op.number());
  }
}

void team_watch::drop_from(task_record& task, uint32_t id, size_t first) {
  for (auto i = first; i < task.log.size(); ++i)
    if (open_asks_.erase({id, static_cast<uint32_t>(i + 1)}) > 0)
      task.team->boxes.close_of(id, static_cast<uint32_t>(i + 1));
  task.log.resize(first);
  std::erase_if(waits_[task.team->path], [&](const edge& x) { return x.task == id && x.number > first; });
}

void team_watch::answered(const v1::OpAnswer& answer) {
  op_key key{answer.task(), answer.attempt(), answer.number()};
  auto text = text_of(answer);
  auto& all = implied_[key];
  all.push_back(text);
  unheard_[key] = time_.now();
  if (all.size() > asked_[key])
    accuse("operation ", answer.number(), " of task ", answer.task(), " was answered more often than it was sent");
  auto& task = tasks_.at(answer.task());
  auto own = op_ != nullptr && op_->task() == answer.task() && op_->number() == answer.number();
  if (answer.number() == 0 || answer.number() > task.log.size() || !task.log[answer.number() - 1].has_come) {
    accuse("operation ", answer.number(), " of task ", answer.task(), " was answered and never sent");
    return;
  }
  auto& known = task.log[answer.number() - 1];
  // The same attempt is shown the same once more.
  if (known.answered && known.reads && known.answered_to == answer.attempt() && known.answer == text)
    return;
  if (known.answered && !known.reads) {
    if (known.answer != text)
      accuse("operation ", answer.number(), " of task ", answer.task(), " got two answers: ", known.answer, " and ",
             text);
    else if (!own)
      accuse("operation ", answer.number(), " of task ", answer.task(), " was answered again without being repeated");
    return;
  }
  if (open_asks_.erase({answer.task(), answer.number()}) > 0)
    heard_now_.emplace(answer.task(), answer.number());
  known.answered = true;
  known.answered_to = answer.attempt();
  known.answer = text;
  check_answer(task, known, answer);
}

void team_watch::check_answer(task_record& task, op_record& op, const v1::OpAnswer& answer) {
  auto& team = *task.team;
  auto value = answer.has_error() ? json{} : json::parse(answer.value());
  if (op.op.has_ask())
    return check_question(task, op, answer, value);
  if (answer.has_error())
    return check_refused(task, op, answer.error());
  if (op.op.has_put()) {
    check_written(task, op, value);
  } else if (op.op.has_answer()) {
    auto message = team.messages.find(op.op.answer().request());
    if (message == team.messages.end() || message->second.to != task.role)
      accuse(task.role, " has answered ", op.op.answer().request(), ", which is not its to answer");
  } else if (op.op.has_get() && !op.op.get().artifact().empty()) {
    const auto& history = team.history[op.op.get().artifact()];
    if (value["version"] != history.size()
        || (!history.empty() && !history.back().value.is_null() && history.back().value != value["value"]))
      accuse(task.role, " has read ", value.dump(), " where version ", history.size(), " is the newest");
  } else if (op.op.has_notify() || op.op.has_handoff()) {
    auto ids = op.op.has_notify() ? value["messages"] : json::array({value["message"]});
    for (const auto& id : ids) {
      auto message = team.messages.find(id.get<std::string>());
      if (message == team.messages.end() || message->second.from != task.role || message->second.token != op.token)
        accuse("message ", id.dump(), " was acknowledged to ", task.role, " and is not its own");
      else if (const auto& allowed = team.rules->members.at(task.role)->interacts_with;
               allowed && allowed->count(message->second.to) == 0)
        accuse(task.role, " has sent a message to ", message->second.to, ", whom it may not address");
    }
  } else if (!op.token.empty() && team.effects.count(op.token) == 0) {
    accuse("an operation was answered and had no effect: ", op.op.ShortDebugString());
  }
}

void team_watch::check_written(task_record& task, const op_record& op, const json& value) {
  auto& team = *task.team;
  const auto& put = op.op.put();
  auto version = value["version"].get<uint64_t>();
  auto& history = team.history[put.artifact()];
  if (version == 0 || version > history.size()) {
    accuse("version ", version, " of ", put.artifact(), " was acknowledged, and nobody was told of it");
    return;
  }
  if (history[version - 1].conflict != "vote")
    effect(team, op.token, put.artifact() + " version " + std::to_string(version));
  // What was written is not always what it wanted to be written; then it is told.
  history[version - 1].task = op.op.task();
  history[version - 1].value = value.contains("value") ? value["value"] : json::parse(put.value());
  if (history[version - 1].conflict == "agent" && history[version - 1].value != resolved_)
    accuse("version ", version, " of ", put.artifact(), " is not what the resolver has said");
}

void team_watch::check_refused(const task_record& task, const op_record& op, const v1::Error& why) {
  const auto& team = *task.team;
  if (task.answering && is_write(op.op) && why.code() != v1::ERROR_CODE_FORBIDDEN)
    accuse("a write of ", task.role, ", who answers a question, was refused as ", v1::ErrorCode_Name(why.code()));
  if (!task.answering && op.op.has_put() && why.code() == v1::ERROR_CODE_CONFLICT) {
    auto history = team.history.find(op.op.put().artifact());
    if (history == team.history.end() || history->second.size() == op.op.put().expected_version())
      if (op.op.put().has_expected_version())
        accuse("a write of ", task.role, " was refused as a conflict and is none: ", op.op.ShortDebugString());
  }
}

void team_watch::count_refusal(const task_record& task, const v1::TaskOp& op, const v1::Error& why) {
  auto code = why.code();
  auto what = [&]() -> std::optional<sight> {
    if (code == v1::ERROR_CODE_DEADLOCK)
      return sight::deadlock_refused;
    if (code == v1::ERROR_CODE_FORBIDDEN)
      return task.answering && is_write(op) ? sight::write_out_of_turn_refused : sight::addressee_refused;
    if (op.has_ask() && code == v1::ERROR_CODE_TIMED_OUT)
      return sight::question_timed_out;
    if (op.has_ask() && code != v1::ERROR_CODE_NOT_FOUND && code != v1::ERROR_CODE_FENCED)
      return sight::question_unavailable;
    if (op.has_handoff() && code == v1::ERROR_CODE_CONFLICT)
      return sight::second_handoff_refused;
    if (!op.has_put() || code != v1::ERROR_CODE_CONFLICT)
      return std::nullopt;
    switch (task.team->policy()) {
    case team_step::conflict::reject:
      return sight::conflict_rejected;
    case team_step::conflict::merge:
      return sight::merge_refused;
    case team_step::conflict::vote:
      return sight::vote_lost;
    case team_step::conflict::agent:
      return sight::resolver_failed;
    case team_step::conflict::human:
      return why.message().find("in time") != std::string::npos ? sight::person_silent : sight::person_kept;
    case team_step::conflict::last_writer:
      return std::nullopt;
    }
    return std::nullopt;
  }();
  if (what)
    seen_.see(*what);
}

} // namespace troupe::sim
