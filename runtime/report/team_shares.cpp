#include "runtime/report/team_shares.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace troupe {

namespace {

using interval = std::pair<int64_t, int64_t>;

/// Time that is in at least one of them.
int64_t covered(std::vector<interval> xs) {
  std::sort(xs.begin(), xs.end());
  int64_t out = 0;
  int64_t until = INT64_MIN;
  for (auto [from, to] : xs) {
    from = std::max(from, until);
    out += std::max<int64_t>(0, to - from);
    until = std::max(until, to);
  }
  return out;
}

/// "writer" of "write[writer:answer]", which is a child of the team at "write"; and whether it is an answer.
std::pair<std::string_view, bool> role_of(std::string_view path, std::string_view team) {
  constexpr std::string_view answer = ":answer";
  auto name = path.substr(std::min(path.size(), team.size()));
  if (name.size() < 2 || name.front() != '[')
    return {};
  name = name.substr(1, name.find(']') - 1);
  if (name.ends_with(answer))
    return {name.substr(0, name.size() - answer.size()), true};
  return {name, false};
}

void add_attempts(const step_instance& x, const std::vector<attempt_report>& attempts, role_report& to) {
  for (auto i : x.attempts) {
    ++to.attempts;
    to.work_ms += attempts[i].work_ms;
    to.waited_ms += attempts[i].waited_ms;
    to.usage += attempts[i].usage;
  }
  for (const auto& child : x.children)
    add_attempts(*child, attempts, to);
}

class collector {
public:
  explicit collector(const step_tree& tree) : tree_{tree} {
    visit(tree.root());
  }

  void add(const v1::TeamEvent& x) {
    auto team = by_step_.find(x.step());
    if (team == by_step_.end())
      return;
    auto& out = teams_[team->second];
    if (x.has_ended()) {
      out.ended = x.ended().reason();
      out.completed = x.ended().completed();
      out.iterations = x.ended().iterations();
      return;
    }
    auto& role = role_at(out, x.role());
    switch (x.what_case()) {
    case v1::TeamEvent::kTurnBegan:
      ++role.turns;
      break;
    case v1::TeamEvent::kMessage:
      role.asked += x.message().type() == v1::AgentMessage::TYPE_REQUEST ? 1 : 0;
      role.answered += x.message().type() == v1::AgentMessage::TYPE_RESPONSE && !x.message().failed() ? 1 : 0;
      break;
    case v1::TeamEvent::kWritten:
      ++role.writes;
      break;
    case v1::TeamEvent::kRefused:
      ++role.refused;
      break;
    default:
      break;
    }
  }

  std::vector<team_report> take() {
    return std::move(teams_);
  }

private:
  static role_report& role_at(team_report& team, std::string_view role) {
    auto i = std::find_if(team.roles.begin(), team.roles.end(), [&](const role_report& x) { return x.role == role; });
    if (i != team.roles.end())
      return *i;
    team.roles.emplace_back().role = role;
    return team.roles.back();
  }

  void visit(const step_instance& x) {
    if (x.what.kind == "team") {
      // A team that was tried again is one team.
      auto [i, added] = by_step_.emplace(x.what.step, teams_.size());
      if (added) {
        auto& made = teams_.emplace_back();
        made.step = x.what.step;
        made.outcome = x.what.outcome;
        if (const auto* team = x.definition ? std::get_if<team_step>(&x.definition->body) : nullptr)
          for (const auto& member : team->members)
            role_at(made, member.role);
      }
      teams_[i->second].outcome = x.what.outcome;
      for (const auto& child : x.children) {
        auto [role, answers] = role_of(child->what.step, x.what.step);
        if (role.empty())
          continue;
        auto& to = role_at(teams_[i->second], role);
        to.answers += answers ? 1 : 0;
        add_attempts(*child, tree_.attempts(), to);
      }
    }
    for (const auto& child : x.children)
      visit(*child);
  }

  const step_tree& tree_;
  std::vector<team_report> teams_;
  std::map<std::string, size_t, std::less<>> by_step_;
};

} // namespace

void add_waiting(step_tree& tree, const v1::RunDetails& details, const replayed_run& run) {
  using key = std::tuple<uint32_t, uint32_t, uint32_t>;
  std::map<key, int64_t> answered;
  for (const auto& x : run.answers)
    answered.emplace(key{x.task, x.attempt, x.number}, x.at_ms);
  std::map<std::pair<uint32_t, uint32_t>, std::vector<interval>> waits;
  for (const auto& event : details.events()) {
    const auto& op = event.task_operation().op();
    if (!op.has_ask())
      continue;
    // Whoever was never answered waited until its attempt ended.
    auto end = answered.find({op.task(), op.attempt(), op.number()});
    waits[{op.task(), op.attempt()}].emplace_back(event.at_ms(), end == answered.end() ? INT64_MAX : end->second);
  }
  for (auto& [name, intervals] : waits) {
    auto* x = tree.find(name.first, name.second);
    if (x == nullptr)
      continue;
    for (auto& [from, to] : intervals) {
      to = std::min(to, tree.began_at_ms() + x->end_ms);
      from = std::min(from, to);
    }
    x->waited_ms = std::min(static_cast<double>(covered(std::move(intervals))), x->run_ms);
    x->work_ms = std::min(x->work_ms, x->run_ms - x->waited_ms);
  }
}

std::vector<team_report> team_shares(const step_tree& tree, const replayed_run& run) {
  collector out{tree};
  for (const auto& update : run.updates)
    if (update.has_team_event())
      out.add(update.team_event());
  return out.take();
}

} // namespace troupe
