// Writes, and who settles those that come too late.
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"
#include "runtime/team/settlement.hpp"

#include <utility>

namespace troupe {

namespace {

constexpr size_t excerpt_bytes = 160;

/// So often is somebody asked to settle a write: what it is up against may have been written again meanwhile.
constexpr uint32_t most_settlings = 5;

std::string excerpt_of(const lazy_json& value) {
  // Only a text is shown as what it means; the rest as it is written.
  auto text = value.text().starts_with('"') ? value.value().get<std::string>() : value.text();
  if (text.size() <= excerpt_bytes)
    return text;
  auto end = excerpt_bytes;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U)
    --end;
  return text.substr(0, end) + "…";
}

} // namespace

team_body::op_result team_body::put(context c, const op_source& from, const v1::PutArtifact& op) {
  artifact_write write;
  write.artifact = op.artifact();
  write.value = lazy_json{op.value()};
  if (op.has_expected_version())
    write.expected = op.expected_version();
  else
    write.expected = version_before(from, op.artifact());
  write.confidence = op.has_confidence() ? op.confidence() : 1;
  return put(c, from, std::move(write));
}

team_body::op_result team_body::put(context c, const op_source& from, artifact_write write) {
  auto& child = children_.at(from.slot);
  write.author = role(child.member);
  auto before = ws_->version_of(write.artifact);
  auto done = ws_->put(write, definition_.on_conflict, c.run.now_ms());
  if (auto* why = std::get_if<error>(&done))
    return {false, std::move(*why), {}};
  if (std::holds_alternative<write_contested>(done))
    return contested(c, from, child.member, std::move(write), 0);
  const auto& x = std::get<artifact_written>(done);
  // A vote for what stands writes nothing.
  if (x.version > before) {
    wrote(from, write.artifact, x.version);
    written(c, child.member, x, write);
  } else {
    saw(from, write.artifact, x.version);
  }
  return {false, std::nullopt, told_of(x, write.artifact, write.value)};
}

json team_body::told_of(const artifact_written& x, const std::string& artifact, const lazy_json& wanted) const {
  json out{{"artifact", artifact}, {"version", x.version}};
  // Who writes on from here has to know what others have made of it.
  if (x.conflict.empty())
    return out;
  if (const auto* now = ws_->find(artifact); now != nullptr && now->value.value() != wanted.value())
    out["value"] = now->value.value();
  return out;
}

uint64_t team_body::version_before(const op_source& from, const std::string& artifact) const {
  const auto& child = children_.at(from.slot);
  auto log = ops_.find(from.task);
  auto closing = from.task == nobody || log == ops_.end();
  const auto& seen = closing ? child.seen : log->second.seen;
  // What it wrote itself, in an attempt that did not live to see its end, is nobody else's.
  const auto& own = closing ? child.own : log->second.own;
  auto found = seen.find(artifact);
  auto out = found == seen.end() ? 0 : found->second;
  while (own.contains({artifact, out + 1}))
    ++out;
  return out;
}

void team_body::written(context c, uint32_t member, const artifact_written& x, const artifact_write& write) {
  if (!c.run.publishes())
    return;
  auto event = event_of(c, role(member));
  auto& out = *event.mutable_written();
  out.set_artifact(write.artifact);
  out.set_version(x.version);
  out.set_bytes(x.bytes);
  out.set_conflict(x.conflict);
  if (const auto* now = ws_->find(write.artifact))
    out.set_excerpt(excerpt_of(now->value));
  publish(c, std::move(event));
}

team_body::op_result team_body::contested(context c, const op_source& from, uint32_t member, artifact_write write,
                                          uint32_t rounds) {
  auto id = "contest-" + std::to_string(++last_contest_);
  const auto* current = ws_->find(write.artifact);
  const auto* base = write.expected == 0 ? nullptr : ws_->find(write.artifact, write.expected);
  contest x;
  x.write = write;
  x.member = member;
  x.from = from;
  x.current = current->version;
  x.rounds = rounds;
  if (definition_.on_conflict == team_step::conflict::human) {
    auto question = ws_->ask(write.author,
                             "artifact " + write.artifact + ": keep version " + std::to_string(current->version)
                                 + " of " + current->author + " (" + excerpt_of(current->value) + "), or take that of "
                                 + write.author + " (" + excerpt_of(write.value)
                                 + ")? Answer {\"keep\": \"current\"}, {\"keep\": \"proposed\"} or {\"value\": …}",
                             c.run.now_ms());
    if (!question)
      return {false, question.error(), {}};
    x.question = *question;
    x.timer_key = ++last_timer_key_;
    x.timer = c.run.start_body_timer(c.self, x.timer_key, definition_.decision_timeout.count());
    timer_subjects_.emplace(x.timer_key, id);
    auto event = event_of(c, write.author);
    event.mutable_question()->set_id(*question);
    event.mutable_question()->set_question("artifact " + write.artifact + ": current or proposed? (troupe answer "
                                           + c.run.run_id() + " " + *question
                                           + " current, or proposed, or '{\"value\": …}')");
    publish(c, std::move(event));
    contests_.emplace(id, std::move(x));
    return {true, std::nullopt, {}};
  }
  child_record record;
  record.kind = child_kind::resolver;
  record.member = x.member;
  record.subject = id;
  auto slot = add_child(std::move(record));
  child_options options;
  options.branch = "resolver";
  options.fixed_input = std::make_shared<const json>(json{{"artifact", write.artifact},
                                                          {"base", base ? base->value.value() : json{}},
                                                          {"current", current->value.value()},
                                                          {"current_author", current->author},
                                                          {"proposed", write.value.value()},
                                                          {"proposed_by", write.author},
                                                          {"goal", definition_.goal}});
  contests_.emplace(id, std::move(x));
  children_.at(slot).at = &c.run.start_child(c.self, *definition_.resolver, slot, std::move(options));
  return {true, std::nullopt, {}};
}

void team_body::resolver_ended(context c, uint32_t slot, const outcome& how) {
  auto subject = children_.at(slot).subject;
  children_.erase(slot);
  if (how.success() || how.tolerated)
    settle(c, subject, &how.output.value(), "agent", {});
  else
    settle(c, subject, nullptr, "agent", "the resolver failed: " + how.why.message);
}

void team_body::settle(context c, const std::string& id, const json* value, const char* how,
                       const std::string& refusal) {
  auto i = contests_.find(id);
  if (i == contests_.end())
    return;
  auto x = std::move(i->second);
  contests_.erase(i);
  c.run.stop_timer(x.timer);
  timer_subjects_.erase(x.timer_key);
  if (!x.question.empty())
    ws_->close_question(x.question);
  op_result result;
  // Others may have written since: what was decided without a look at that would undo it.
  auto is_stale = value != nullptr && ws_->version_of(x.write.artifact) != x.current;
  if (is_stale && x.rounds + 1 < most_settlings) {
    result = contested(c, x.from, x.member, x.write, x.rounds + 1);
    if (result.pending)
      return;
  } else if (is_stale) {
    result.why =
        error{v1::ERROR_CODE_CONFLICT,
              "artifact " + x.write.artifact + " was written again each time that this write was being settled, "
                  + std::to_string(most_settlings) + " times; get it again and write what both want",
              false};
  } else if (value != nullptr) {
    auto wanted = x.write.value;
    x.write.value = lazy_json{*value};
    auto done = ws_->settle(x.write, how, c.run.now_ms());
    if (done) {
      wrote(x.from, x.write.artifact, done->version);
      written(c, x.member, *done, x.write);
      result.value = told_of(*done, x.write.artifact, wanted);
    } else {
      result.why = done.error();
    }
  } else {
    result.why = error{v1::ERROR_CODE_CONFLICT,
                       "artifact " + x.write.artifact + " stays at version "
                           + std::to_string(ws_->version_of(x.write.artifact)) + ": " + refusal,
                       false};
  }
  op_done(c, x.from, std::move(result), "put");
  // A turn whose output this was goes on with what is left of it.
  if (auto child = children_.find(x.from.slot);
      x.from.task == nobody && child != children_.end() && child->second.closing)
    close(c, x.from.slot);
}

bool team_body::awaits(const v1::QuestionAnswered& answer) const {
  if (!read_settlement(answer.content()))
    return false;
  for (const auto& [id, x] : contests_)
    if (!x.question.empty() && x.question == answer.question())
      return true;
  return false;
}

void team_body::question_answered(engine& run, frame& self, const v1::QuestionAnswered& answer) {
  context c{run, self};
  auto content = read_settlement(answer.content()).value_or(json::object());
  for (const auto& [id, x] : contests_) {
    if (x.question.empty() || x.question != answer.question())
      continue;
    auto subject = id;
    auto proposed = x.write.value;
    auto who = answer.who().empty() ? std::string{"a person"} : answer.who();
    if (content.contains("value"))
      settle(c, subject, &content["value"], "human", {});
    else if (content["keep"] == "proposed")
      settle(c, subject, &proposed.value(), "human", {});
    else
      settle(c, subject, nullptr, "human", who + " kept the current one");
    return;
  }
}

} // namespace troupe
