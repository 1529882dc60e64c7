// What members are told, and what a team yields.
#include "runtime/core/json_io.hpp"
#include "runtime/run/engine.hpp"
#include "runtime/run/team_body.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

std::string team_body::phase_name() const {
  if (definition_.order != team_step::turns::by_phase || definition_.phases.empty())
    return {};
  return definition_.phases[std::min<size_t>(phase_, definition_.phases.size() - 1)].name;
}

std::string team_body::artifact_of(uint32_t member) const {
  const auto& who = definition_.members[member];
  if (who.writes_nothing)
    return {};
  if (!who.writes.empty())
    return who.writes;
  if (definition_.order != team_step::turns::by_phase)
    return who.role;
  const auto& phase = definition_.phases[std::min<size_t>(phase_, definition_.phases.size() - 1)];
  return phase.writes.empty() ? phase.name : phase.writes;
}

json team_body::teammates_of(uint32_t member) const {
  auto out = json::array();
  for (uint32_t i = 0; i < definition_.members.size(); ++i) {
    auto ignored = nobody;
    if (i == member || may_address(member, role(i), ignored))
      continue;
    out.push_back(introduction_of(definition_.members[i]));
  }
  return out;
}

std::shared_ptr<const turn_context> team_body::context_for(uint32_t member, const team_message* question,
                                                           std::vector<team_message> notices) {
  auto& state = members_[member];
  if (!state.told)
    state.told = std::make_shared<const std::string>(
        member_text(definition_, definition_.members[member], ws_->id(), teammates_of(member)));
  turn_context::facts x;
  x.member = state.told;
  x.phase = phase_name();
  x.iteration = iteration_;
  x.turn = turns_;
  x.workspace = ws_->snapshot();
  for (const auto& message : notices)
    x.inbox.push_back(to_json(message));
  for (const auto& message : state.box.waiting())
    x.inbox.push_back(to_json(message));
  x.feedback = feedback_;
  if (question) {
    x.question = *question;
    return std::make_shared<const turn_context>(std::move(x));
  }
  x.writes = artifact_of(member);
  const auto& reviewers = definition_.reviewers;
  x.reviews = definition_.has_review && std::find(reviewers.begin(), reviewers.end(), member) != reviewers.end();
  x.refused = state.refused;
  return std::make_shared<const turn_context>(std::move(x));
}

json team_body::default_output(const std::string& reason, bool completed) const {
  auto now = ws_->snapshot();
  const auto& document = now->document();
  json out;
  const auto& made = last_made_.empty() ? ws_->last_written() : last_made_;
  const auto* last = made.empty() ? nullptr : ws_->find(made);
  out["result"] = last ? last->value.value() : last_result_.value();
  out["artifacts"] = document.at("artifacts");
  out["versions"] = document.at("versions");
  out["changes"] = ws_->changes();
  out["decisions"] = document.at("decisions_made");
  out["open_questions"] = document.at("open_questions");
  out["communication_log"] = document.at("communication_log");
  out["ended"] = reason;
  out["completed"] = completed;
  out["iterations"] = iteration_;
  out["turns"] = turns_;
  return out;
}

v1::TeamEvent team_body::event_of(context c, const std::string& who) const {
  v1::TeamEvent out;
  if (!c.run.publishes())
    return out;
  out.set_step(path_of(c.self));
  out.set_role(who);
  out.set_phase(phase_name());
  out.set_iteration(iteration_);
  return out;
}

void team_body::publish(context c, v1::TeamEvent event) const {
  if (!c.run.publishes())
    return;
  auto update = c.run.new_update();
  *update.mutable_team_event() = std::move(event);
  c.run.publish(std::move(update));
}

void team_body::publish_message(context c, const team_message& message) const {
  if (!c.run.publishes())
    return;
  auto event = event_of(c, message.from);
  auto& out = *event.mutable_message();
  out.set_id(message.id);
  out.set_timestamp_ms(message.sent_ms);
  out.set_from(message.from);
  out.set_to(message.to);
  out.set_type(message.type);
  out.mutable_content()->set_data(print_json(message.content));
  out.set_priority(message.priority);
  out.set_requires_response(message.requires_response);
  out.set_timeout_ms(message.timeout_ms);
  out.set_failed(message.failed);
  out.mutable_artifacts()->Assign(message.artifacts.begin(), message.artifacts.end());
  publish(c, std::move(event));
}

} // namespace troupe
