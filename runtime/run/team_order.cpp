// Whose turn it is, and what follows a turn: the next one, the next iteration, or the end.
#include "runtime/agents/json_text.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/run/team_body.hpp"

#include <utility>

namespace troupe {

namespace {

using order = team_step::turns;

} // namespace

// -- who is next ------------------------------------------------------------------------------------------------------

uint32_t team_body::turns_per_iteration() const {
  return static_cast<uint32_t>(definition_.members.size());
}

void team_body::next(context c) {
  if (over_)
    return;
  auto count = static_cast<uint32_t>(definition_.members.size());
  switch (definition_.order) {
  case order::by_phase:
    while (phase_ < definition_.phases.size() && position_ >= definition_.phases[phase_].members.size()) {
      ++phase_;
      position_ = 0;
    }
    if (phase_ < definition_.phases.size())
      take_turn(c, definition_.phases[phase_].members[position_++]);
    else
      iteration_over(c);
    return;
  case order::round_robin:
    if (position_ < count)
      take_turn(c, position_++);
    else
      iteration_over(c);
    return;
  case order::free:
    if (position_ < count) {
      position_ = count;
      for (uint32_t i = 0; i < count && !over_; ++i)
        take_turn(c, i);
    } else if (running_turns_ == 0) {
      iteration_over(c);
    }
    return;
  case order::selector:
    next_selected(c);
    return;
  case order::handoff:
    take_named_turn(c, next_member_);
    return;
  }
}

// An iteration begins with a turn: a selector that is done after a whole one, the last one too, has not begun another.
void team_body::take_named_turn(context c, uint32_t member) {
  if (turns_in_iteration_ >= turns_per_iteration()) {
    if (iteration_ >= definition_.max_iterations) {
      at_bound(c, "nobody said that it is done");
      return;
    }
    ++iteration_;
    turns_in_iteration_ = 0;
  }
  take_turn(c, member);
}

void team_body::next_selected(context c) {
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_));
  if (definition_.selector) {
    auto chosen = [&] {
      workspace_in_sight sight{c.self, ws_->snapshot()};
      return definition_.selector->evaluate(frame_scope{c.run, c.self});
    }();
    if (!chosen)
      fail(c, {chosen.error().code, "selector: " + chosen.error().message, chosen.error().retryable});
    else
      selected(c, *chosen);
    return;
  }
  child_record record;
  record.kind = child_kind::selector;
  auto slot = add_child(std::move(record));
  child_options options;
  options.branch = "selector";
  json members = json::array();
  for (uint32_t i = 0; i < definition_.members.size(); ++i)
    members.push_back({{"role", role(i)},
                       {"expertise", definition_.members[i].expertise},
                       {"ask_when", definition_.members[i].ask_when}});
  options.fixed_input =
      std::make_shared<const json>(json{{"goal", definition_.goal},
                                        {"members", std::move(members)},
                                        {"workspace", ws_->snapshot()->shown()},
                                        {"last_role", last_member_ == nobody ? json{} : json(role(last_member_))},
                                        {"iteration", iteration_}});
  children_.at(slot).at = &c.run.start_child(c.self, *definition_.selector_agent, slot, std::move(options));
}

void team_body::selected(context c, const json& answer) {
  const json* chosen = &answer;
  if (answer.is_object())
    for (auto key : {"next", "role"})
      if (auto i = answer.find(key); i != answer.end()) {
        chosen = &*i;
        break;
      }
  if (chosen->is_null() || (chosen->is_boolean() && !chosen->get<bool>())) {
    auto done = holds(c);
    if (!over_)
      finish(c, "selector", done.value_or(true));
    return;
  }
  auto member = chosen->is_string() ? find_role(chosen->get<std::string>()) : nobody;
  if (member == nobody) {
    fail(c, {v1::ERROR_CODE_INVALID_OUTPUT,
             "the selector chose " + print_json(*chosen).substr(0, 80) + "; it must choose one of " + list_roles()
                 + ", or null when the team is done",
             false});
    return;
  }
  take_named_turn(c, member);
}

// -- after a turn -----------------------------------------------------------------------------------------------------

std::optional<bool> team_body::holds(context c) {
  if (!definition_.until)
    return std::nullopt;
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_));
  workspace_in_sight sight{c.self, ws_->snapshot()};
  auto value = definition_.until->test(frame_scope{c.run, c.self});
  if (!value) {
    auto why = value.error();
    why.message = "until: " + why.message;
    fail(c, std::move(why));
    return false;
  }
  return *value;
}

void team_body::send_back(context c, uint32_t reviewer, const json& result) {
  auto comments = result.contains("comments") ? result["comments"] : json{};
  // What nobody could read as a part of what it is told is told as a text.
  if (is_deeper(comments, max_told_depth))
    comments = print_json(comments);
  feedback_ = {{"from", role(reviewer)}, {"comments", std::move(comments)}, {"iteration", iteration_}};
  // Those who are to act on it hear of it as of any message; the others see it in what they are told.
  std::vector<uint32_t> to;
  if (definition_.order == order::by_phase)
    to = definition_.phases[definition_.back_to].members;
  else if (definition_.order == order::handoff && handed_by_ != nobody)
    to = {handed_by_};
  else
    for (uint32_t i = 0; i < definition_.members.size(); ++i)
      to.push_back(i);
  for (auto member : to) {
    if (member == reviewer)
      continue;
    team_message message;
    message.from = role(reviewer);
    message.to = role(member);
    message.type = v1::AgentMessage::TYPE_FEEDBACK;
    message.content = feedback_["comments"];
    if (auto why = send(c, message, member)) {
      fail(c, std::move(*why));
      return;
    }
  }
}

void team_body::after_turn(context c, uint32_t member, uint32_t handed_to, const std::string& verdict) {
  switch (definition_.order) {
  case order::by_phase:
    if (verdict == "revise") {
      if (iteration_ >= definition_.max_iterations)
        at_bound(c, role(member) + " asked for changes");
      else
        next_iteration(c, definition_.back_to);
      return;
    }
    next(c);
    return;
  case order::round_robin:
    if (verdict == "approve")
      finish(c, "approved", true);
    else
      next(c);
    return;
  case order::free:
    if (verdict == "approve") {
      finish(c, "approved", true);
      return;
    }
    if (auto done = holds(c); done.value_or(false) && !over_)
      finish(c, "until", true);
    else if (running_turns_ == 0)
      next(c);
    return;
  case order::selector:
  case order::handoff:
    if (verdict == "approve") {
      finish(c, "approved", true);
      return;
    }
    auto done = holds(c);
    if (over_)
      return;
    if (done.value_or(false)) {
      finish(c, "until", true);
      return;
    }
    if (definition_.order == order::selector) {
      next(c);
      return;
    }
    // Without an address of its own, a review that asks for changes goes back to where the work came from.
    if (handed_to == nobody && verdict == "revise")
      handed_to = handed_by_;
    if (handed_to == nobody) {
      finish(c, "handed_over", !done.has_value());
      return;
    }
    handed_by_ = member;
    next_member_ = handed_to;
    next(c);
    return;
  }
}

void team_body::iteration_over(context c) {
  auto done = holds(c);
  if (over_)
    return;
  if (done.value_or(false)) {
    finish(c, "until", true);
    return;
  }
  auto by_phase = definition_.order == order::by_phase;
  if (by_phase && !done.has_value() && (!definition_.has_review || no_verdict_of_.empty())) {
    finish(c, definition_.has_review ? "approved" : "phases", true);
    return;
  }
  if (iteration_ < definition_.max_iterations)
    next_iteration(c, by_phase ? definition_.back_to : 0);
  else if (!done.has_value() && !definition_.has_review)
    finish(c, "rounds", true);
  else
    at_bound(c, done.has_value()         ? "`until` does not hold"
                : no_verdict_of_.empty() ? "nobody approved"
                                         : role(*no_verdict_of_.begin()) + " gave no verdict");
}

void team_body::next_iteration(context c, uint32_t phase) {
  ++iteration_;
  phase_ = phase;
  position_ = 0;
  turns_in_iteration_ = 0;
  no_verdict_of_.clear();
  next(c);
}

} // namespace troupe
