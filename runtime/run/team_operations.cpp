// What members do during their turns, once each, whatever happens to the attempt that asked for it.
#include "runtime/agents/json_text.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"
#include "runtime/team/message_fields.hpp"
#include "runtime/team/op_json.hpp"

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace troupe {

namespace {

/// Bytes of a name that an error shows.
constexpr size_t shown = 64;

/// What is no artifact may have so many bytes even where artifacts may not.
constexpr size_t always_allowed = 4'096;

/// The same for operations that ask for the same, whichever attempt they belong to.
uint64_t fingerprint_of(const v1::TaskOp& op) {
  static const auto* operation = v1::TaskOp::descriptor()->FindOneofByName("op");
  thread_local std::string bytes;
  bytes.clear();
  const auto& fields = *op.GetReflection();
  if (const auto* body = fields.GetOneofFieldDescriptor(op, operation))
    fields.GetMessage(op, body).AppendToString(&bytes);
  auto kind = static_cast<uint64_t>(op.op_case()) * 0x9e3779b97f4a7c15ULL;
  return std::hash<std::string_view>{}(bytes) ^ kind;
}

bool reads(const v1::TaskOp& op) {
  return op.has_get() || op.has_inbox();
}

/// What an operation says or writes, as JSON; null where there is no such thing.
const std::string* told_by(const v1::TaskOp& op) {
  switch (op.op_case()) {
  case v1::TaskOp::kAsk:
    return &op.ask().content();
  case v1::TaskOp::kAnswer:
    return &op.answer().content();
  case v1::TaskOp::kNotify:
    return &op.notify().content();
  case v1::TaskOp::kHandoff:
    return &op.handoff().content();
  case v1::TaskOp::kDecide:
    return &op.decide().decision();
  case v1::TaskOp::kPut:
    return &op.put().value();
  default:
    return nullptr;
  }
}

/// Others will be told of it, and could not read it.
std::optional<error> unreadable(const v1::TaskOp& op) {
  const auto* text = told_by(op);
  if (text == nullptr || (text->empty() && !op.has_put()))
    return std::nullopt;
  auto fault = check_json(*text, max_told_depth);
  if (!fault)
    return std::nullopt;
  auto what = op.has_put() ? "the value of " + op.put().artifact().substr(0, shown)
                           : std::string{"what "} + name_of(op) + " says";
  return error{v1::ERROR_CODE_INVALID_INPUT,
               what + " is not valid JSON: byte " + std::to_string(fault->offset) + ": " + fault->what, false};
}

error forbidden(std::string text) {
  return {v1::ERROR_CODE_FORBIDDEN, std::move(text), false};
}

} // namespace

void team_body::operation(engine& run, frame& self, uint32_t slot, const v1::TaskOp& op) {
  context c{run, self};
  op_source from{slot, op.task(), op.number()};
  auto answer_with = [&](const v1::OpAnswer& recorded) {
    auto answer = recorded;
    answer.set_task(op.task());
    answer.set_attempt(op.attempt());
    answer.set_number(op.number());
    run.answer_operation(std::move(answer));
  };
  auto refuse = [&](error why) {
    v1::OpAnswer answer;
    *answer.mutable_error() = why.to_proto();
    answer_with(answer);
  };
  if (!children_.contains(slot) || over_)
    return refuse({v1::ERROR_CODE_FENCED, "this turn is over", false});
  auto& log = ops_[op.task()];
  log.slot = slot;
  if (log.places.empty())
    log.places = run.places_of(op.task());
  if (log.attempt != op.attempt()) {
    log.attempt = op.attempt();
    log.seen = children_.at(slot).seen;
  }
  auto position = op.number() - 1;
  auto fingerprint = fingerprint_of(op);
  if (position < log.records.size() && log.records[position].has_come) {
    auto& known = log.records[position];
    if (known.fingerprint == fingerprint && !known.is_read) {
      known.attempt = op.attempt();
      if (!known.pending) {
        for (const auto& [artifact, version] : known.shows)
          log.seen[artifact] = std::max(log.seen[artifact], version);
        answer_with(known.answer);
      }
      return;
    }
    // From here on it is another conversation. A read that is repeated keeps what follows it.
    if (known.fingerprint != fingerprint)
      drop_ops_from(c, log, position);
  }
  // Bounded by `too_much`.
  if (position >= log.records.size())
    log.records.resize(position + 1);
  auto& record = log.records[position];
  // What the same attempt asks for once more shows the same once more.
  if (record.attempt != op.attempt())
    record.shows.clear();
  record.has_come = true;
  record.fingerprint = fingerprint;
  record.attempt = op.attempt();
  record.pending = true;
  record.is_read = reads(op);
  auto result = perform(c, from, op);
  if (!result.pending)
    op_done(c, from, std::move(result), name_of(op));
}

std::optional<error> team_body::too_much(const v1::TaskOp& op) const {
  const auto& limits = definition_.limits;
  if (op.number() == 0)
    return error{v1::ERROR_CODE_INVALID_INPUT, "operations are numbered from 1", false};
  if (op.number() > limits.operations_per_turn)
    return error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                 "a turn may do " + std::to_string(limits.operations_per_turn) + " operations", false};
  auto bytes = op.has_put() ? op.put().value().size() : op.ByteSizeLong();
  if (bytes <= (op.has_put() ? limits.artifact_bytes : std::max(limits.artifact_bytes, always_allowed)))
    return std::nullopt;
  auto what = op.has_put() ? "artifact " + op.put().artifact().substr(0, shown) : std::string{name_of(op)};
  return error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
               what + " would have " + std::to_string(bytes) + " bytes; the limit is "
                   + std::to_string(limits.artifact_bytes) + ": put a reference (a path, a URL) in its place",
               false};
}

void team_body::op_done(context c, const op_source& from, op_result result, const char* name) {
  auto child = children_.find(from.slot);
  if (result.why && child != children_.end()) {
    auto member = child->second.member;
    auto event = event_of(c, role(member));
    event.mutable_refused()->set_operation(name);
    *event.mutable_refused()->mutable_error() = result.why->to_proto();
    publish(c, std::move(event));
    // Who cannot hear of it now hears of it at the next turn.
    if (from.task == nobody) {
      child->second.refused = true;
      members_[member].refused.push_back({{"operation", name}, {"message", result.why->message}});
    }
  }
  if (from.task == nobody)
    return;
  auto log = ops_.find(from.task);
  if (log == ops_.end() || from.number > log->second.records.size())
    return;
  auto& record = log->second.records[from.number - 1];
  record.pending = false;
  v1::OpAnswer answer;
  answer.set_task(from.task);
  answer.set_attempt(record.attempt);
  answer.set_number(from.number);
  if (result.why)
    *answer.mutable_error() = result.why->to_proto();
  else
    answer.set_value(print_json(result.value));
  if (!record.is_read)
    record.answer = answer;
  c.run.answer_operation(std::move(answer));
}

team_body::op_result team_body::perform(context c, const op_source& from, const v1::TaskOp& op) {
  auto& child = children_.at(from.slot);
  auto answering = child.kind == child_kind::answer;
  if (answering && (op.has_put() || op.has_decide() || op.has_handoff()))
    return {false,
            forbidden("it is not the turn of " + role(child.member) + ": who answers a question may ask and read, not "
                      + name_of(op)),
            {}};
  if (auto why = unreadable(op))
    return {false, std::move(why), {}};
  switch (op.op_case()) {
  case v1::TaskOp::kAsk:
    return ask(c, from, op.ask());
  case v1::TaskOp::kAnswer:
    return answer_from_inbox(c, from, op.answer());
  case v1::TaskOp::kNotify:
    return notify(c, from, op.notify());
  case v1::TaskOp::kHandoff:
    return handoff(c, from, op.handoff());
  case v1::TaskOp::kPut:
    return put(c, from, op.put());
  case v1::TaskOp::kGet:
    return get(from, op.get());
  case v1::TaskOp::kDecide:
    return decide(c, from, op.decide());
  case v1::TaskOp::kQuestion: {
    auto id = ws_->ask(role(child.member), op.question().question(), c.run.now_ms());
    if (!id)
      return {false, id.error(), {}};
    auto event = event_of(c, role(child.member));
    event.mutable_question()->set_id(*id);
    event.mutable_question()->set_question(op.question().question());
    publish(c, std::move(event));
    return {false, std::nullopt, {{"question", *id}}};
  }
  case v1::TaskOp::kLog: {
    if (auto done = ws_->note(role(child.member), op.log().text(), c.run.now_ms()); !done)
      return {false, done.error(), {}};
    auto event = event_of(c, role(child.member));
    event.mutable_note()->set_text(op.log().text());
    publish(c, std::move(event));
    return {false, std::nullopt, nullptr};
  }
  case v1::TaskOp::kInbox: {
    auto out = json::array();
    for (const auto& message : members_[child.member].box.waiting())
      out.push_back(to_json(message));
    return {false, std::nullopt, std::move(out)};
  }
  case v1::TaskOp::OP_NOT_SET:
    break;
  }
  return {false, error{v1::ERROR_CODE_INVALID_INPUT, "an operation that this version does not know", false}, {}};
}

team_body::op_result team_body::handoff(context c, const op_source& from, const v1::HandOff& op) {
  auto& child = children_.at(from.slot);
  auto to = nobody;
  if (auto why = may_address(child.member, op.to(), to))
    return {false, std::move(why), {}};
  if (child.handed_to != nobody)
    return {false,
            error{v1::ERROR_CODE_CONFLICT,
                  "this turn has been handed to " + role(child.handed_to) + " already; one handoff per turn", false},
            {}};
  team_message message;
  message.from = role(child.member);
  message.to = role(to);
  message.type = v1::AgentMessage::TYPE_HANDOFF;
  message.content = read_content(op.content());
  message.artifacts.assign(op.artifacts().begin(), op.artifacts().end());
  if (auto why = send(c, message, to))
    return {false, std::move(why), {}};
  child.handed_to = to;
  return {false, std::nullopt, {{"message", message.id}}};
}

team_body::op_result team_body::notify(context c, const op_source& from, const v1::NotifyTeammate& op) {
  auto sender = children_.at(from.slot).member;
  std::vector<uint32_t> to;
  if (op.to().empty()) {
    for (uint32_t i = 0; i < definition_.members.size(); ++i) {
      auto ignored = nobody;
      if (i != sender && !may_address(sender, role(i), ignored))
        to.push_back(i);
    }
  } else {
    auto one = nobody;
    if (auto why = may_address(sender, op.to(), one))
      return {false, std::move(why), {}};
    to.push_back(one);
  }
  std::vector<team_message> messages(to.size());
  size_t bytes = 0;
  for (size_t i = 0; i < to.size(); ++i) {
    auto& message = messages[i];
    message.from = role(sender);
    message.to = role(to[i]);
    message.content = read_content(op.content());
    message.priority = op.priority();
    message.artifacts.assign(op.artifacts().begin(), op.artifacts().end());
    stamp(c, message);
    bytes += to_text(message).size();
  }
  // All of them or nobody.
  if (auto room = ws_->room_for(to.size(), bytes); !room)
    return {false, room.error(), {}};
  auto ids = json::array();
  for (size_t i = 0; i < to.size(); ++i) {
    if (auto why = deliver(c, messages[i], to[i]))
      return {false, std::move(why), {}};
    ids.push_back(messages[i].id);
  }
  return {false, std::nullopt, {{"messages", std::move(ids)}}};
}

team_body::op_result team_body::get(const op_source& from, const v1::GetArtifact& op) {
  if (op.artifact().empty())
    return {false, std::nullopt, ws_->snapshot()->document()};
  // Whether whoever asks the same again has heard the first answer, nobody can tell here: both show one version, or it
  // would count as having seen what it has not. Where that one is not kept any more, what it has seen stays as it was.
  auto shown = op.version() == 0 ? shown_before(from, op.artifact()) : std::nullopt;
  const auto* found = shown == 0 ? nullptr : ws_->find(op.artifact(), shown.value_or(op.version()));
  if (found == nullptr && shown.value_or(0) > 0)
    found = ws_->find(op.artifact());
  if (found == nullptr && op.version() != 0)
    return {false,
            error{v1::ERROR_CODE_NOT_FOUND,
                  "artifact " + op.artifact() + " has no version " + std::to_string(op.version())
                      + " that is still kept; it is at version " + std::to_string(ws_->version_of(op.artifact())),
                  false},
            {}};
  if (op.version() == 0 && !shown)
    saw(from, op.artifact(), ws_->version_of(op.artifact()));
  if (found == nullptr)
    return {false, std::nullopt, {{"artifact", op.artifact()}, {"version", 0}, {"value", nullptr}}};
  return {false,
          std::nullopt,
          {{"artifact", op.artifact()},
           {"version", found->version},
           {"author", found->author},
           {"value", found->value.value()}}};
}

team_body::op_result team_body::decide(context c, const op_source& from, const v1::Decide& op) {
  auto member = children_.at(from.slot).member;
  // A question that a write waits for is a person's to settle.
  for (const auto& [id, x] : contests_)
    if (!x.question.empty() && x.question == op.question())
      return {false, forbidden("question " + op.question() + " is for a person: troupe answer"), {}};
  auto decision = read_content(op.decision());
  auto text = decision.is_string() ? decision.get<std::string>() : print_json(decision);
  auto id = ws_->decide(role(member), std::move(decision), op.reason(), op.question(), c.run.now_ms());
  if (!id)
    return {false, id.error(), {}};
  auto event = event_of(c, role(member));
  event.mutable_decided()->set_decision(text);
  event.mutable_decided()->set_reason(op.reason());
  publish(c, std::move(event));
  return {false, std::nullopt, {{"decision", *id}}};
}

} // namespace troupe
