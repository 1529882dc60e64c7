#include "runtime/run/live_teams.hpp"

#include <algorithm>
#include <utility>

namespace troupe {

namespace {

constexpr size_t most_listed = 20;

} // namespace

std::string list_places(const std::vector<std::string>& steps) {
  std::string out;
  for (size_t i = 0; i < std::min(most_listed, steps.size()); ++i)
    out += (i == 0 ? "" : ", ") + steps[i];
  if (steps.size() > most_listed)
    out += " and " + std::to_string(steps.size() - most_listed) + " more";
  return out;
}

uint64_t live_teams::began(const std::string& step, std::shared_ptr<workspace> what) {
  by_step_[step] = {++last_number_, std::move(what)};
  return last_number_;
}

void live_teams::ended(uint64_t number, const std::string& step, const std::shared_ptr<workspace>& what, team_end how,
                       int64_t now_ms, std::vector<command>& out) {
  what->end(std::move(how));
  if (auto i = by_step_.find(step); i != by_step_.end() && i->second.number == number) {
    flush(i->second, now_ms, out);
    by_step_.erase(i);
  }
  out.push_back(workspace_ended{number, step, what});
}

result<team_place> live_teams::find(const std::string& step) const {
  if (step.empty() && by_step_.size() > 1) {
    std::vector<std::string> steps;
    for (const auto& [name, x] : by_step_)
      steps.push_back(name);
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "several teams are at work: name the step of one, which are " + list_places(steps));
  }
  auto i = step.empty() ? by_step_.begin() : by_step_.find(step);
  if (i == by_step_.end())
    return fail(v1::ERROR_CODE_NOT_FOUND, "no team is at work" + (step.empty() ? "" : " at " + step));
  return team_place{i->second.number, i->first};
}

result<workspace_shown> live_teams::show(const std::string& step) {
  auto place = find(step);
  if (!place)
    return tl::unexpected(place.error());
  auto& x = *by_step_.at(place->step).what;
  // What has changed within this event is in the copy already.
  x.follow();
  x.take_changes();
  if (std::find(followed_.begin(), followed_.end(), place->step) == followed_.end())
    followed_.push_back(place->step);
  return workspace_shown{place->team, place->step, std::make_shared<const workspace>(x)};
}

void live_teams::flush(const team& x, int64_t now_ms, std::vector<command>& out) {
  auto changes = x.what->take_changes();
  if (!changes.empty())
    out.push_back(workspace_changed{x.number, now_ms, std::move(changes)});
}

void live_teams::flush(int64_t now_ms, std::vector<command>& out) {
  std::erase_if(followed_, [&](const std::string& step) {
    auto i = by_step_.find(step);
    if (i == by_step_.end())
      return true;
    flush(i->second, now_ms, out);
    return false;
  });
}

} // namespace troupe
