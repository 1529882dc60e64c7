// Turns, their order, and how a team ends. Operations, questions, writes and what members are told have files of their
// own.
#include "runtime/run/team_body.hpp"

#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/team/op_json.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

using order = team_step::turns;

constexpr size_t most_closing_operations = 1'000;

std::string list_roles(const team_step& team) {
  std::string out;
  for (const auto& member : team.members)
    out += (out.empty() ? "" : ", ") + member.role;
  return out;
}

} // namespace

team_body::team_body(const team_step& definition) : definition_{definition} {}

team_body::~team_body() = default;

// -- the beginning ----------------------------------------------------------------------------------------------------

void team_body::begin(engine& run, frame& self) {
  context c{run, self};
  members_.assign(definition_.members.size(), member_state{inbox{definition_.ageing.count()}});
  if (auto why = set_up(c)) {
    fail(c, std::move(*why));
    return;
  }
  next(c);
}

std::optional<error> team_body::set_up(context c) {
  auto id = path_of(c.self);
  ws_ = std::make_unique<workspace>(id.empty() ? "team" : id, c.run.now_ms(), definition_.limits);
  auto task = json{{"goal", definition_.goal}, {"requirements", json::array()}, {"constraints", json::array()}};
  frame_scope scope{c.run, c.self};
  if (definition_.task) {
    auto value = definition_.task->evaluate(scope);
    if (!value)
      return value.error();
    if (value->is_object())
      task.update(*value);
    else
      task["description"] = std::move(*value);
  }
  ws_->set_task(std::move(task));
  if (definition_.workspace) {
    auto value = definition_.workspace->evaluate(scope);
    if (!value)
      return value.error();
    if (!value->is_null())
      if (auto done = ws_->seed(*value, c.run.now_ms()); !done)
        return done.error();
  }
  auto given = json{};
  if (definition_.begins_from_input && c.run.input().is_object()) {
    const auto& input = c.run.input();
    if (auto i = input.find("workspace"); i != input.end())
      if (auto done = ws_->seed(*i, c.run.now_ms()); !done)
        return done.error();
    for (auto key : {"message", "messages"})
      if (auto i = input.find(key); i != input.end())
        given = *i;
  }
  if (definition_.messages) {
    auto value = definition_.messages->evaluate(scope);
    if (!value)
      return value.error();
    given = std::move(*value);
  }
  auto list = given.is_array() ? given : json::array();
  if (!given.is_array() && !given.is_null())
    list.push_back(given);
  for (auto& entry : list) {
    auto text = [&](const char* key) {
      auto i = entry.is_object() ? entry.find(key) : entry.end();
      return entry.is_object() && i != entry.end() && i->is_string() ? i->get<std::string>() : std::string{};
    };
    auto to = find_role(text("to"));
    if (to == nobody)
      return error{v1::ERROR_CODE_INVALID_INPUT,
                   "a message to begin with is for \"" + text("to").substr(0, 64) + "\"; the team has "
                       + list_roles(definition_),
                   false};
    team_message message;
    message.from = text("from").substr(0, 64);
    message.to = role(to);
    message.content = entry.contains("content") ? entry["content"] : json{};
    auto type = text("type");
    message.type = type == "request"    ? v1::AgentMessage::TYPE_REQUEST
                   : type == "handoff"  ? v1::AgentMessage::TYPE_HANDOFF
                   : type == "feedback" ? v1::AgentMessage::TYPE_FEEDBACK
                                        : v1::AgentMessage::TYPE_EVENT;
    auto priority = text("priority");
    message.priority = priority == "high" ? 50 : priority == "low" ? -50 : 0;
    auto asker = find_role(message.from);
    // A question needs somebody to answer to; from outside of the team it is a notice.
    if (message.type == v1::AgentMessage::TYPE_REQUEST && asker != nobody && asker != to) {
      if (auto why = open_request(c, std::move(message), asker, to, std::nullopt))
        return why;
    } else if (auto why = send(c, message, to)) {
      return why;
    }
  }
  return std::nullopt;
}

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
  case order::handoff:
    if (turns_in_iteration_ >= turns_per_iteration()) {
      if (iteration_ >= definition_.max_iterations) {
        at_bound(c, "nobody said that it is done");
        return;
      }
      ++iteration_;
      turns_in_iteration_ = 0;
    }
    if (definition_.order == order::selector)
      next_selected(c);
    else
      take_turn(c, next_member_);
    return;
  }
}

void team_body::next_selected(context c) {
  c.self.workspace_info = ws_->document();
  if (definition_.selector) {
    auto chosen = definition_.selector->evaluate(frame_scope{c.run, c.self});
    if (!chosen)
      fail(c, chosen.error());
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
                                        {"workspace", workspace_shown()},
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
             "the selector chose " + chosen->dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 80)
                 + "; it must choose one of " + list_roles(definition_) + ", or null when the team is done",
             false});
    return;
  }
  take_turn(c, member);
}

// -- a turn -----------------------------------------------------------------------------------------------------------

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
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_));
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
      turn_info{role(member), false, context_for(c, member, nullptr, state.box.take_notices())});
  state.refused = json::array();
  auto event = event_of(c, role(member));
  event.mutable_turn_began()->set_turn(turns_);
  publish(c, std::move(event));
  children_.at(slot).at = &c.run.start_child(c.self, *definition_.members[member].work, slot, std::move(options));
}

void team_body::child_ended(engine& run, frame& self, uint32_t slot, outcome how) {
  context c{run, self};
  auto i = children_.find(slot);
  if (i == children_.end() || over_)
    return;
  i->second.at = nullptr;
  switch (i->second.kind) {
  case child_kind::turn:
    turn_ended(c, slot, how);
    return;
  case child_kind::answer:
    answer_ended(c, slot, how);
    return;
  case child_kind::resolver:
    resolver_ended(c, slot, how);
    return;
  case child_kind::selector:
    children_.erase(i);
    if (how.success() || how.tolerated) {
      selected(c, how.output.value());
    } else {
      auto why = how.why;
      why.message = "the selector: " + why.message;
      fail(c, std::move(why));
    }
    return;
  }
}

void team_body::turn_ended(context c, uint32_t slot, const outcome& how) {
  auto& child = children_.at(slot);
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
  child.result = how.output.value();
  if (child.result.is_object() && child.result.contains("operations")) {
    auto operations = child.result["operations"];
    child.result = child.result.contains("output") ? json(child.result["output"]) : json{};
    if (!operations.is_array())
      operations = json::array({operations});
    for (auto& x : operations) {
      auto op = parse_operation(x);
      if (op && child.to_close.size() < most_closing_operations) {
        child.to_close.push_back(std::move(*op));
        continue;
      }
      op_result refused;
      refused.why =
          op ? error{v1::ERROR_CODE_RESOURCE_EXHAUSTED,
                     "more than " + std::to_string(most_closing_operations) + " operations in one output", false}
             : op.error();
      op_done(c, {slot, nobody, 0}, std::move(refused), "operations");
      if (op)
        break;
    }
  }
  auto artifact = artifact_of(child.member);
  if (!artifact.empty() && !child.result.is_null()) {
    v1::TaskOp write;
    write.mutable_put()->set_artifact(artifact);
    write.mutable_put()->set_value(child.result.dump(-1, ' ', false, json::error_handler_t::replace));
    if (how.confidence)
      write.mutable_put()->set_confidence(*how.confidence);
    child.to_close.push_back(std::move(write));
  }
  close(c, slot);
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
  if (!over_)
    turn_over(c, slot);
}

std::string team_body::read_verdict(context c, uint32_t slot) {
  auto& child = children_.at(slot);
  const auto& reviewers = definition_.reviewers;
  if (std::find(reviewers.begin(), reviewers.end(), child.member) == reviewers.end() || !child.result.is_object())
    return {};
  auto i = child.result.find("verdict");
  if (i == child.result.end() || i->is_null())
    return {};
  if (*i == "approve" || *i == "revise")
    return i->get<std::string>();
  op_result refused;
  refused.why = error{v1::ERROR_CODE_INVALID_OUTPUT,
                      "a verdict is \"approve\" or \"revise\"; this is "
                          + i->dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 80),
                      false};
  op_done(c, {slot, nobody, 0}, std::move(refused), "verdict");
  return {};
}

void team_body::turn_over(context c, uint32_t slot) {
  auto verdict = read_verdict(c, slot);
  auto child = std::move(children_.at(slot));
  children_.erase(slot);
  --running_turns_;
  last_result_ = child.result;
  if (child.how.quality)
    quality_ = child.how.quality;
  auto event = event_of(c, role(child.member));
  event.mutable_turn_ended()->set_turn(child.turn);
  event.mutable_turn_ended()->set_outcome(verdict.empty() ? "done" : verdict);
  if (verdict == "revise" && child.result.contains("comments")) {
    const auto& comments = child.result["comments"];
    event.mutable_turn_ended()->set_comments(comments.is_string() ? comments.get<std::string>() : comments.dump());
  }
  publish(c, std::move(event));
  members_[child.member].busy = 0;
  if (verdict == "revise")
    send_back(c, child.member, child.result);
  if (!over_)
    after_turn(c, child.member, child.handed_to, verdict);
  if (!over_)
    free_member(c, child.member);
}

// -- after a turn -----------------------------------------------------------------------------------------------------

std::optional<bool> team_body::holds(context c) {
  if (!definition_.until)
    return std::nullopt;
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_));
  c.self.workspace_info = ws_->document();
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
  feedback_ = {{"from", role(reviewer)},
               {"comments", result.contains("comments") ? result["comments"] : json{}},
               {"iteration", iteration_}};
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
  if (by_phase && !done.has_value()) {
    // Whoever may send back has not done so.
    finish(c, definition_.has_review ? "approved" : "phases", true);
    return;
  }
  if (iteration_ < definition_.max_iterations)
    next_iteration(c, by_phase ? definition_.back_to : 0);
  else if (!done.has_value() && !definition_.has_review)
    finish(c, "rounds", true);
  else
    at_bound(c, done.has_value() ? "`until` does not hold" : "nobody approved");
}

void team_body::next_iteration(context c, uint32_t phase) {
  ++iteration_;
  phase_ = phase;
  position_ = 0;
  turns_in_iteration_ = 0;
  next(c);
}

// -- the end ----------------------------------------------------------------------------------------------------------

void team_body::at_bound(context c, const std::string& why) {
  if (definition_.at_bound == team_step::bound::accept) {
    finish(c, "max_iterations", false);
    return;
  }
  fail(c, {v1::ERROR_CODE_SHORTFALL,
           "the team was not done after " + std::to_string(definition_.max_iterations)
               + (definition_.max_iterations == 1 ? " iteration: " : " iterations: ") + why,
           false});
}

void team_body::finish(context c, const std::string& reason, bool completed) {
  if (over_)
    return;
  over_ = true;
  stop_timers(c);
  ws_->set_progress(phase_name(), iteration_, turns_, last_member_ == nobody ? "" : role(last_member_));
  auto event = event_of(c, "");
  auto& ended = *event.mutable_ended();
  ended.set_reason(reason);
  ended.set_completed(completed);
  ended.set_iterations(iteration_);
  ended.set_turns(turns_);
  publish(c, std::move(event));
  outcome how;
  how.partial = partial_ || !completed;
  how.quality = quality_;
  c.self.workspace_info = ws_->document();
  if (definition_.output) {
    auto value = definition_.output->evaluate(frame_scope{c.run, c.self});
    if (!value) {
      c.run.body_ended(c.self, outcome::failure(value.error()));
      return;
    }
    how.output = lazy_json{std::move(*value)};
  } else {
    how.output = lazy_json{default_output(reason, completed)};
  }
  c.run.body_ended(c.self, std::move(how));
}

void team_body::fail(context c, error why) {
  if (over_)
    return;
  over_ = true;
  stop_timers(c);
  auto how = outcome::failure(std::move(why));
  if (ws_)
    how.partial_results = lazy_json{default_output("failed", false)};
  c.run.body_ended(c.self, std::move(how));
}

void team_body::stop_timers(context c) {
  for (auto& [id, x] : requests_)
    c.run.stop_timer(x.timer);
  for (auto& [id, x] : contests_)
    c.run.stop_timer(x.timer);
}

void team_body::stop(engine& run, frame& self, const std::string&) {
  over_ = true;
  stop_timers({run, self});
}

uint64_t team_body::digest() const {
  uint64_t hash = ws_ ? ws_->digest() : 0;
  for (uint64_t part :
       {uint64_t{iteration_}, uint64_t{phase_}, uint64_t{position_}, uint64_t{turns_}, uint64_t{running_turns_},
        uint64_t{last_member_}, uint64_t{next_member_}, uint64_t{last_message_}, uint64_t{last_slot_},
        uint64_t{requests_.size()}, uint64_t{contests_.size()}, uint64_t{children_.size()}, uint64_t{over_ ? 1U : 0U}})
    hash = hash * 1099511628211ULL + part;
  for (const auto& [task, log] : ops_)
    for (const auto& record : log.records)
      hash = hash * 31 + record.fingerprint + (record.pending ? 1 : 0) + record.attempt * 7;
  for (const auto& member : members_)
    hash = hash * 31 + member.box.waiting().size() * 2 + (member.turn_waits ? 1 : 0);
  return hash;
}

} // namespace troupe
