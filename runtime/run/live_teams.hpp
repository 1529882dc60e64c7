#pragma once

#include "runtime/core/result.hpp"
#include "runtime/run/command.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe {

/// The teams of a run that are at work, by place, and whose workspaces somebody follows. Looking has no effect on the
/// run: it only makes commands.
class live_teams {
public:
  /// The number of the team.
  uint64_t began(const std::string& step, std::shared_ptr<workspace> what);

  /// Nothing changes `what` after this.
  void ended(uint64_t team, const std::string& step, const std::shared_ptr<workspace>& what, team_end how,
             int64_t now_ms, std::vector<command>& out);

  /// A team by its place; an empty one means the only team. Fails with ERROR_CODE_NOT_FOUND when none is at work there,
  /// ERROR_CODE_INVALID_INPUT, with the places, when there are several.
  result<team_place> find(const std::string& step) const;

  /// The workspace as it is now; what changes from now on comes out of `flush`.
  result<workspace_shown> show(const std::string& step);

  /// After each event.
  void flush(int64_t now_ms, std::vector<command>& out);

private:
  struct team {
    uint64_t number = 0;
    std::shared_ptr<workspace> what;
  };

  static void flush(const team& x, int64_t now_ms, std::vector<command>& out);

  std::map<std::string, team> by_step_;
  /// Places; those that have ended since are taken out by `flush`.
  std::vector<std::string> followed_;
  uint64_t last_number_ = 0;
};

/// "write, review[1]" and how many more; for messages.
std::string list_places(const std::vector<std::string>& steps);

} // namespace troupe
