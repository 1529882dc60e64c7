// Questions and answers: who waits for whom, and that everybody who waits hears something.
#include "runtime/agents/json_text.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"
#include "runtime/team/message_fields.hpp"
#include "runtime/team/op_json.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

uint32_t team_body::find_role(const std::string& wanted) const {
  for (uint32_t i = 0; i < definition_.members.size(); ++i)
    if (role(i) == wanted)
      return i;
  return nobody;
}

std::optional<error> team_body::may_address(uint32_t from, const std::string& to, uint32_t& member) const {
  const auto& sender = definition_.members[from];
  auto allowed = [&](const std::string& other) {
    return other != sender.role && (!sender.interacts_with || sender.interacts_with->contains(other));
  };
  member = find_role(to);
  if (member != nobody && allowed(to))
    return std::nullopt;
  std::string names;
  for (const auto& other : definition_.members)
    if (allowed(other.role))
      names += (names.empty() ? "" : ", ") + other.role;
  if (names.empty())
    names = "nobody";
  if (member == nobody)
    return error{v1::ERROR_CODE_NOT_FOUND,
                 "there is no teammate \"" + to.substr(0, 64) + "\"; " + sender.role + " may address " + names, false};
  return error{v1::ERROR_CODE_FORBIDDEN,
               sender.role + " may not address " + to + " (interacts_with); it may address " + names, false};
}

std::optional<error> team_body::send(context c, team_message& message, uint32_t to) {
  stamp(c, message);
  return deliver(c, message, to);
}

void team_body::stamp(context c, team_message& message) {
  message.id = "msg-" + std::to_string(++last_message_);
  message.sent_ms = c.run.now_ms();
}

std::optional<error> team_body::deliver(context c, const team_message& message, uint32_t to) {
  if (auto logged = ws_->log(message); !logged)
    return logged.error();
  publish_message(c, message);
  members_[to].box.put(message);
  return std::nullopt;
}

team_body::op_result team_body::ask(context c, const op_source& from, const v1::AskTeammate& op) {
  auto asker = children_.at(from.slot).member;
  auto to = nobody;
  if (auto why = may_address(asker, op.to(), to))
    return {false, std::move(why), {}};
  auto waits = from.task != nobody;
  if (waits) {
    detach_those_gone(c);
    if (auto circle = waits_.circle_with(asker, to); !circle.empty()) {
      std::string path;
      for (auto member : circle)
        path += role(member) + " → ";
      return {false,
              error{v1::ERROR_CODE_DEADLOCK,
                    "nobody in this circle could ever answer: " + path + role(circle.front())
                        + "; go on without the answer, or notify instead of asking",
                    false},
              {}};
    }
  }
  team_message message;
  message.from = role(asker);
  message.to = role(to);
  message.type = v1::AgentMessage::TYPE_REQUEST;
  message.content = read_content(op.content());
  message.priority = std::clamp(op.priority(), -100, 100);
  message.timeout_ms = op.timeout_ms();
  message.artifacts.assign(op.artifacts().begin(), op.artifacts().end());
  if (auto why = open_request(c, std::move(message), asker, to, waits ? std::optional{from} : std::nullopt))
    return {false, std::move(why), {}};
  // In an output nobody waits: the answer comes to the inbox.
  if (!waits)
    return {false, std::nullopt, {{"request", "msg-" + std::to_string(last_message_)}}};
  return {true, std::nullopt, {}};
}

std::optional<error> team_body::open_request(context c, team_message message, uint32_t asker, uint32_t to,
                                             std::optional<op_source> waiter) {
  message.requires_response = true;
  if (message.timeout_ms == 0)
    message.timeout_ms = static_cast<uint32_t>(definition_.request_timeout.count());
  if (auto why = send(c, message, to))
    return why;
  request x;
  x.asker = asker;
  x.target = to;
  x.waiter = waiter;
  x.timer_key = ++last_timer_key_;
  x.timer = c.run.start_body_timer(c.self, x.timer_key, message.timeout_ms);
  timer_subjects_.emplace(x.timer_key, message.id);
  if (waiter)
    waits_.add(asker, to);
  auto id = message.id;
  x.message = std::move(message);
  requests_.emplace(id, std::move(x));
  serve(c, to);
  return std::nullopt;
}

void team_body::serve(context c, uint32_t member) {
  auto& state = members_[member];
  if (over_ || state.busy != 0 || state.turn_waits)
    return;
  const auto* message = state.box.next_request(c.run.now_ms());
  if (message == nullptr)
    return;
  auto question = *state.box.take(message->id);
  child_record record;
  record.kind = child_kind::answer;
  record.member = member;
  record.subject = question.id;
  record.seen = ws_->versions();
  auto slot = add_child(std::move(record));
  state.busy = slot;
  requests_.at(question.id).answer_slot = slot;
  child_options options;
  options.branch = role(member) + ":answer";
  options.turn = std::make_shared<const turn_info>(turn_info{role(member), true, context_for(member, &question, {})});
  children_.at(slot).at = &c.run.start_child(c.self, *definition_.members[member].work, slot, std::move(options));
}

void team_body::free_member(context c, uint32_t member) {
  auto& state = members_[member];
  if (over_ || state.busy != 0)
    return;
  if (state.turn_waits)
    start_turn(c, member);
  else
    serve(c, member);
}

team_body::op_result team_body::answer_from_inbox(context c, const op_source& from, const v1::AnswerTeammate& op) {
  auto& child = children_.at(from.slot);
  auto i = requests_.find(op.request());
  if (i == requests_.end() || i->second.target != child.member)
    return {false,
            error{v1::ERROR_CODE_NOT_FOUND,
                  "no question \"" + op.request().substr(0, 64) + "\" waits for " + role(child.member), false},
            {}};
  if (i->second.answer_slot != 0)
    return {false,
            error{v1::ERROR_CODE_CONFLICT, "question " + op.request() + " is being answered: answer with the output",
                  false},
            {}};
  auto content = read_content(op.content());
  members_[child.member].box.take(op.request());
  respond(c, op.request(), &content, nullptr, {op.artifacts().begin(), op.artifacts().end()});
  return {false, std::nullopt, nullptr};
}

void team_body::answer_ended(context c, uint32_t slot, const outcome& how) {
  auto child = std::move(children_.at(slot));
  children_.erase(slot);
  forget_ops(slot);
  detach_waiters(slot);
  members_[child.member].busy = 0;
  partial_ = partial_ || how.partial;
  if (how.success() || how.tolerated) {
    auto content = how.output.value();
    // An answer may be given in the form of a turn's output, whose other operations are not its to do.
    if (has_operations(content))
      content = beside_operations(content);
    error why{v1::ERROR_CODE_INVALID_OUTPUT,
              role(child.member) + " could not answer: its answer is nested deeper than "
                  + std::to_string(max_told_depth) + " levels",
              false};
    auto readable = !is_deeper(content, max_told_depth);
    respond(c, child.subject, readable ? &content : nullptr, readable ? nullptr : &why);
  } else {
    auto gone = how.why.code == v1::ERROR_CODE_AGENT_CRASHED || how.why.code == v1::ERROR_CODE_UNAVAILABLE
                || how.why.code == v1::ERROR_CODE_CIRCUIT_OPEN || how.why.code == v1::ERROR_CODE_RESOURCE_EXHAUSTED;
    error why{gone ? v1::ERROR_CODE_UNAVAILABLE : how.why.code,
              role(child.member) + " could not answer: " + how.why.message, false};
    respond(c, child.subject, nullptr, &why);
  }
  free_member(c, child.member);
}

std::optional<team_body::request> team_body::close_request(context c, const std::string& id) {
  auto i = requests_.find(id);
  if (i == requests_.end())
    return std::nullopt;
  std::optional<request> out = std::move(i->second);
  requests_.erase(i);
  c.run.stop_timer(out->timer);
  timer_subjects_.erase(out->timer_key);
  if (out->waiter)
    waits_.remove(out->asker, out->target);
  return out;
}

void team_body::respond(context c, const std::string& id, const json* content, const error* why,
                        std::vector<std::string> artifacts) {
  detach_those_gone(c);
  auto open = close_request(c, id);
  if (!open)
    return;
  auto& x = *open;
  team_message answer;
  answer.from = role(x.target);
  answer.to = role(x.asker);
  answer.type = v1::AgentMessage::TYPE_RESPONSE;
  answer.in_reply_to = id;
  answer.content = content ? *content : json{{"error", why->message}};
  answer.failed = content == nullptr;
  answer.artifacts = std::move(artifacts);
  stamp(c, answer);
  // The question had room in the log; where its answer has none, who waits still gets it.
  if (!x.waiter) {
    deliver_anyway(c, std::move(answer), x.asker);
    return;
  }
  if (ws_->log(answer))
    publish_message(c, answer);
  op_result result;
  if (content) {
    result.value = {{"from", answer.from}, {"request", id}, {"content", *content}};
    if (!answer.artifacts.empty())
      result.value["artifacts"] = answer.artifacts;
  } else {
    result.why = *why;
  }
  op_done(c, *x.waiter, std::move(result), "ask");
}

void team_body::deliver_anyway(context c, team_message answer, uint32_t to) {
  auto logged = ws_->log(answer);
  if (logged) {
    publish_message(c, answer);
  } else {
    // Without the log nothing bounds what an inbox holds: that there is an answer has to do.
    answer.content = {{"error", "the answer is left out: " + logged.error().message}};
    answer.failed = true;
  }
  members_[to].box.put(std::move(answer));
}

void team_body::withdraw(context c, const std::string& id, const std::string& reason) {
  auto open = close_request(c, id);
  if (!open)
    return;
  auto& x = *open;
  if (x.answer_slot == 0) {
    members_[x.target].box.take(id);
    return;
  }
  if (auto child = children_.find(x.answer_slot); child != children_.end()) {
    auto* at = child->second.at;
    children_.erase(child);
    forget_ops(x.answer_slot);
    detach_waiters(x.answer_slot);
    members_[x.target].busy = 0;
    if (at != nullptr)
      c.run.stop_child(*at, reason);
    free_member(c, x.target);
  }
}

void team_body::detach_waiters(uint32_t slot) {
  for (auto& [id, x] : requests_) {
    if (!x.waiter || x.waiter->slot != slot)
      continue;
    // Who asked has gone on without the answer, which is for its inbox now.
    x.waiter.reset();
    waits_.remove(x.asker, x.target);
  }
}

void team_body::detach_those_gone(context c) {
  // A part of a member's work (a branch of a fan-out) may end before its turn does.
  for (auto& [id, x] : requests_) {
    if (!x.waiter || !c.run.is_over(x.waiter->task))
      continue;
    x.waiter.reset();
    waits_.remove(x.asker, x.target);
  }
}

void team_body::timer_fired(engine& run, frame& self, uint32_t which) {
  context c{run, self};
  auto subject = timer_subjects_.find(which);
  if (subject == timer_subjects_.end() || over_)
    return;
  auto id = subject->second;
  timer_subjects_.erase(subject);
  if (contests_.contains(id)) {
    contests_.at(id).timer = 0;
    settle(c, id, nullptr, "human", "nobody has settled it in time");
    return;
  }
  detach_those_gone(c);
  auto i = requests_.find(id);
  if (i == requests_.end())
    return;
  auto& x = i->second;
  x.timer = 0;
  auto seconds = json(static_cast<double>(x.message.timeout_ms) / 1000).dump();
  error why{v1::ERROR_CODE_TIMED_OUT, role(x.target) + " did not answer within " + seconds + " s", true};
  auto waiter = x.waiter;
  auto asker = x.asker;
  auto question = x.message;
  withdraw(c, id, "the question has run out of time");
  if (waiter) {
    op_result result;
    result.why = std::move(why);
    op_done(c, *waiter, std::move(result), "ask");
  } else {
    team_message answer;
    answer.from = question.to;
    answer.to = question.from;
    answer.type = v1::AgentMessage::TYPE_RESPONSE;
    answer.in_reply_to = id;
    answer.content = {{"error", why.message}};
    answer.failed = true;
    stamp(c, answer);
    deliver_anyway(c, std::move(answer), asker);
  }
}

} // namespace troupe
