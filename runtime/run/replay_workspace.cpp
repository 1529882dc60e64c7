#include "runtime/run/replay_workspace.hpp"

#include "runtime/run/live_teams.hpp"
#include "runtime/run/replay.hpp"

#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace troupe {

result<workspace_shown> replay_workspace(const v1::RunDetails& details, const std::string& step) {
  auto definition = stored_definition(details);
  if (!definition)
    return tl::unexpected(definition.error());
  run_machine machine{*definition, false};
  std::set<std::string> places;
  std::optional<workspace_shown> last;
  std::vector<command> commands;
  for (const auto& event : details.events()) {
    machine.step(event, commands);
    for (auto& next : commands)
      if (auto* end = std::get_if<workspace_ended>(&next)) {
        places.insert(end->step);
        // Only the one that is asked for: the others go as they come.
        if (step.empty() ? places.size() == 1 : end->step == step)
          last = workspace_shown{end->team, end->step, std::move(end->last)};
      }
    commands.clear();
  }
  auto live = machine.show_workspace(step);
  if (live || live.error().code != v1::ERROR_CODE_NOT_FOUND)
    return live;
  if (last && (!step.empty() || places.size() == 1))
    return std::move(*last);
  const auto& run = details.summary().run_id();
  auto there = list_places({places.begin(), places.end()});
  if (step.empty() && places.size() > 1)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                "run " + run + " has several teams: name the step of one, which are " + there);
  auto why = step.empty() ? "run " + run + " has no team" : "run " + run + " has no team at " + step.substr(0, 128);
  if (!there.empty())
    why += "; there is " + there;
  if (details.summary().state() == v1::RUN_STATE_RUNNING)
    return fail(v1::ERROR_CODE_NOT_FOUND, why + " yet; it is under way: try again, or wait with --watch", true);
  return fail(v1::ERROR_CODE_NOT_FOUND, std::move(why));
}

} // namespace troupe
