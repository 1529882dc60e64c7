#pragma once

#include "runtime/report/run_report.hpp"
#include "runtime/report/step_tree.hpp"
#include "runtime/run/replay.hpp"

#include <vector>

namespace troupe {

/// Puts into each attempt how long it waited for the answers of teammates, which is no work of its own.
void add_waiting(step_tree& tree, const v1::RunDetails& details, const replayed_run& run);

/// What each role of each team did and spent, teams in the order of their beginning, roles in that of the document.
std::vector<team_report> team_shares(const step_tree& tree, const replayed_run& run);

} // namespace troupe
