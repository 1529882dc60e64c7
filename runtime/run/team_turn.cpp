// The course of a turn: the member is told, works, and its output becomes operations and an artifact.
#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"
#include "runtime/team/op_json.hpp"
#include "runtime/team/verdict.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr size_t most_closing_operations = 1'000;

} // namespace

void team_body::take_turn(context c, uint32_t member) {
  ++running_turns_;
  if (members_[member].busy != 0)
    members_[member].turn_waits = true;
  else
    start_turn(c, member);
}

void team_body::start_turn(context c, uint32_t member) {
  auto& state = members_[member];
  state.turn_waits = false;
  ++turns_;
  ++turns_in_iteration_;
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_), role(member));
  last_member_ = member;
  child_record record;
  record.member = member;
  record.turn = turns_;
  record.seen = ws_->versions();
  auto slot = add_child(std::move(record));
  state.busy = slot;
  child_options options;
  options.branch = role(member);
  options.turn = std::make_shared<const turn_info>(
      turn_info{role(member), false, context_for(member, nullptr, state.box.take_notices())});
  state.refused = json::array();
  auto event = event_of(c, role(member));
  event.mutable_turn_began()->set_turn(turns_);
  publish(c, std::move(event));
  children_.at(slot).at = &c.run.start_child(c.self, *definition_.members[member].work, slot, std::move(options));
}

void team_body::turn_ended(context c, uint32_t slot, const outcome& how) {
  auto& child = children_.at(slot);
  gather_seen(c, slot);
  forget_ops(slot);
  detach_waiters(slot);
  if (!how.success() && !how.tolerated) {
    auto event = event_of(c, role(child.member));
    event.mutable_turn_ended()->set_turn(child.turn);
    event.mutable_turn_ended()->set_outcome("failed");
    event.mutable_turn_ended()->set_comments(how.why.message);
    publish(c, std::move(event));
    auto why = how.why;
    why.message = "the turn of " + role(child.member) + ": " + why.message;
    fail(c, std::move(why));
    return;
  }
  partial_ = partial_ || how.partial;
  child.how = how;
  child.closing = true;
  child.result = how.output;
  if (child.result.may_have_member("operations"))
    take_operations(c, slot);
  if (!child.result.is_null())
    child.artifact = artifact_of(child.member);
  close(c, slot);
}

void team_body::take_operations(context c, uint32_t slot) {
  auto& child = children_.at(slot);
  const auto whole = child.result;
  const auto& given = whole.value();
  if (!has_operations(given))
    return;
  child.result = lazy_json{beside_operations(given)};
  const auto& said = given.at("operations");
  auto operations = said.is_array() ? said : json::array({said});
  auto refuse = [&](error why) {
    op_result refused;
    refused.why = std::move(why);
    op_done(c, {slot, nobody, 0}, std::move(refused), "operations");
  };
  for (size_t i = 0; i < std::min(operations.size(), most_closing_operations); ++i) {
    if (auto op = parse_operation(operations[i]))
      child.to_close.push_back(std::move(*op));
    else
      refuse(op.error());
  }
  if (operations.size() > most_closing_operations)
    refuse({v1::ERROR_CODE_RESOURCE_EXHAUSTED,
            "more than " + std::to_string(most_closing_operations) + " operations in one output", false});
}

void team_body::close(context c, uint32_t slot) {
  auto& child = children_.at(slot);
  while (!child.to_close.empty() && !over_) {
    auto op = std::move(child.to_close.front());
    child.to_close.pop_front();
    op_source from{slot, nobody, ++child.operations};
    auto result = perform(c, from, op);
    if (result.pending)
      return;
    if (result.why)
      op_done(c, from, std::move(result), name_of(op));
  }
  if (!child.artifact.empty() && !over_) {
    op_source from{slot, nobody, ++child.operations};
    artifact_write write;
    write.artifact = std::exchange(child.artifact, {});
    write.value = child.result;
    write.expected = version_before(from, write.artifact);
    write.confidence = child.how.confidence.value_or(1);
    auto result = put(c, from, std::move(write));
    if (result.pending)
      return;
    if (result.why)
      op_done(c, from, std::move(result), "put");
  }
  if (!over_)
    turn_over(c, slot);
}

bool team_body::gives_verdict(const child_record& child) const {
  const auto& reviewers = definition_.reviewers;
  return std::find(reviewers.begin(), reviewers.end(), child.member) != reviewers.end()
         && child.result.may_have_member("verdict") && !verdict_fault(verdict_in(child.result.value()));
}

std::string team_body::read_verdict(context c, uint32_t slot) {
  auto& child = children_.at(slot);
  const auto& reviewers = definition_.reviewers;
  if (std::find(reviewers.begin(), reviewers.end(), child.member) == reviewers.end())
    return {};
  const auto* said = child.result.may_have_member("verdict") ? verdict_in(child.result.value()) : nullptr;
  auto fault = verdict_fault(said);
  if (!fault) {
    no_verdict_of_.erase(child.member);
    return said->get<std::string>();
  }
  // Of those who act last where nobody is named to review, a word is welcome, but not needed; and who hands the work
  // over has said that way who is next.
  auto handed_over = child.handed_to != nobody && definition_.order != team_step::turns::by_phase;
  if (said == nullptr && (!definition_.has_review || handed_over))
    return {};
  no_verdict_of_.insert(child.member);
  op_result refused;
  refused.why = error{v1::ERROR_CODE_INVALID_OUTPUT, *fault + "; a review yields " + std::string{verdict_form}, false};
  op_done(c, {slot, nobody, 0}, std::move(refused), "verdict");
  return {};
}

void team_body::turn_over(context c, uint32_t slot) {
  auto verdict = read_verdict(c, slot);
  auto child = std::move(children_.at(slot));
  children_.erase(slot);
  --running_turns_;
  if (!gives_verdict(child))
    last_result_ = child.result;
  if (child.how.quality)
    quality_ = child.how.quality;
  auto event = event_of(c, role(child.member));
  event.mutable_turn_ended()->set_turn(child.turn);
  event.mutable_turn_ended()->set_outcome(!verdict.empty() ? verdict : child.refused ? "refused" : "done");
  if (verdict == "revise" && child.result.value().contains("comments")) {
    const auto& comments = child.result.value()["comments"];
    event.mutable_turn_ended()->set_comments(comments.is_string() ? comments.get<std::string>() : print_json(comments));
  }
  publish(c, std::move(event));
  members_[child.member].busy = 0;
  if (verdict == "revise")
    send_back(c, child.member, child.result.value());
  if (!over_)
    after_turn(c, child.member, child.handed_to, verdict);
  if (!over_)
    free_member(c, child.member);
}

} // namespace troupe
