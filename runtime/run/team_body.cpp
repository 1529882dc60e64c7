// How a team begins and ends. The order of turns, the course of a turn, operations, questions, writes and what members
// are told have files of their own.
#include "runtime/run/team_body.hpp"

#include "runtime/agents/json_text.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/frame_scope.hpp"
#include "runtime/team/given_message.hpp"

#include <utility>

namespace troupe {

team_body::team_body(const team_step& definition) : definition_{definition} {}

team_body::~team_body() = default;

// -- the beginning ----------------------------------------------------------------------------------------------------

void team_body::begin(engine& run, frame& self) {
  context c{run, self};
  members_.assign(definition_.members.size(),
                  member_state{inbox{definition_.ageing.count()}, 0, false, json::array(), nullptr});
  auto id = path_of(self);
  ws_ = std::make_shared<workspace>(id.empty() ? "team" : id, run.now_ms(), definition_.limits);
  number_ = run.team_began(self, ws_);
  if (auto why = set_up(c)) {
    fail(c, std::move(*why));
    return;
  }
  next(c);
}

std::optional<error> team_body::set_up(context c) {
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
  if (is_deeper(task, max_told_depth))
    return error{v1::ERROR_CODE_INVALID_INPUT,
                 "the task of the team is nested deeper than " + std::to_string(max_told_depth) + " levels", false};
  ws_->set_task(std::move(task));
  if (definition_.workspace) {
    auto value = definition_.workspace->evaluate(scope);
    if (!value)
      return value.error();
    if (!value->is_null())
      if (auto why = begin_from(c, *value))
        return why;
  }
  auto given = json{};
  if (definition_.begins_from_input && c.run.input().is_object()) {
    const auto& input = c.run.input();
    if (auto i = input.find("workspace"); i != input.end())
      if (auto why = begin_from(c, *i))
        return why;
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
  if (!given.is_array())
    return given.is_null() ? std::nullopt : begin_with(c, given, "message");
  for (size_t i = 0; i < given.size(); ++i)
    if (auto why = begin_with(c, given[i], "messages[" + std::to_string(i) + "]"))
      return why;
  return std::nullopt;
}

std::optional<error> team_body::begin_from(context c, const json& given) {
  if (auto done = ws_->seed(given, c.run.now_ms()); !done)
    return done.error();
  auto wrong = [](std::string what) { return error{v1::ERROR_CODE_INVALID_INPUT, std::move(what), false}; };
  if (auto i = given.find("iteration"); i != given.end() && !i->is_null()) {
    auto number = i->is_number_integer() ? i->get<int64_t>() : 0;
    if (number < 1 || number > definition_.max_iterations)
      return wrong("workspace.iteration must be a number from 1 to " + std::to_string(definition_.max_iterations)
                   + " (max_iterations); this is " + print_json(*i).substr(0, 40));
    iteration_ = static_cast<uint32_t>(number);
  }
  auto phase = given.find("current_phase");
  // Where members do not act by phases, it says nothing about who is next.
  if (phase == given.end() || phase->is_null() || *phase == "" || definition_.order != team_step::turns::by_phase)
    return std::nullopt;
  std::string known;
  for (uint32_t i = 0; i < definition_.phases.size(); ++i) {
    if (*phase == definition_.phases[i].name) {
      phase_ = i;
      return std::nullopt;
    }
    known += (i > 0 ? ", " : "") + definition_.phases[i].name;
  }
  return wrong("workspace.current_phase is " + print_json(*phase).substr(0, 80) + "; the team's phases are " + known);
}

std::optional<error> team_body::begin_with(context c, const json& given, const std::string& place) {
  auto message = read_given_message(given);
  if (!message)
    return error{message.error().code, place + ": " + message.error().message, false};
  auto to = find_role(message->to);
  if (to == nobody)
    return error{v1::ERROR_CODE_INVALID_INPUT, place + " is for \"" + message->to + "\"; the team has " + list_roles(),
                 false};
  auto asker = find_role(message->from);
  // A question needs somebody to answer to; from outside of the team it is a notice.
  if (message->requires_response && asker != nobody && asker != to)
    return open_request(c, std::move(*message), asker, to, std::nullopt);
  message->requires_response = false;
  return send(c, *message, to);
}

std::string team_body::list_roles() const {
  std::string out;
  for (const auto& member : definition_.members)
    out += (out.empty() ? "" : ", ") + member.role;
  return out;
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
  close_workspace(c, reason, completed, {});
  outcome how;
  // What a member wrote, was refused and could not make up for is missing.
  auto lost_work = [](const member_state& x) {
    return std::any_of(x.refused.begin(), x.refused.end(), [](const json& y) { return y.at("operation") == "put"; });
  };
  how.partial = partial_ || !completed || std::any_of(members_.begin(), members_.end(), lost_work);
  how.quality = quality_;
  if (definition_.output) {
    workspace_in_sight sight{c.self, ws_->snapshot()};
    auto value = definition_.output->evaluate_lazily(frame_scope{c.run, c.self});
    if (!value) {
      c.run.body_ended(c.self, outcome::failure(value.error()));
      return;
    }
    how.output = std::move(*value);
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
  close_workspace(c, "failed", false, describe(why));
  auto how = outcome::failure(std::move(why));
  how.partial_results = lazy_json{default_output("failed", false)};
  c.run.body_ended(c.self, std::move(how));
}

void team_body::stop_timers(context c) {
  for (auto& [id, x] : requests_)
    c.run.stop_timer(x.timer);
  for (auto& [id, x] : contests_)
    c.run.stop_timer(x.timer);
}

void team_body::close_workspace(context c, const std::string& reason, bool completed, const std::string& why) {
  c.run.team_ended(c.self, number_, ws_, {reason, completed, iteration_, turns_, why});
}

void team_body::stop(engine& run, frame& self, const std::string& reason) {
  if (over_)
    return;
  over_ = true;
  stop_timers({run, self});
  close_workspace({run, self}, "stopped", false, reason);
}

uint64_t team_body::digest() const {
  uint64_t hash = ws_->digest();
  for (uint64_t part :
       {uint64_t{iteration_}, uint64_t{phase_}, uint64_t{position_}, uint64_t{turns_}, uint64_t{running_turns_},
        uint64_t{last_member_}, uint64_t{next_member_}, uint64_t{no_verdict_of_.size()}, uint64_t{last_message_},
        uint64_t{last_slot_}, uint64_t{requests_.size()}, uint64_t{contests_.size()}, uint64_t{children_.size()},
        uint64_t{over_ ? 1U : 0U}})
    hash = hash * 1099511628211ULL + part;
  for (const auto& [task, log] : ops_)
    for (const auto& record : log.records)
      hash = hash * 31 + record.fingerprint + (record.pending ? 1 : 0) + record.attempt * 7;
  for (const auto& member : members_)
    hash = hash * 31 + member.box.waiting().size() * 2 + (member.turn_waits ? 1 : 0);
  return hash;
}

} // namespace troupe
