#pragma once

#include "runtime/report/step_tree.hpp"

#include <vector>

namespace troupe {

/// What the end of the run waited for, first to last. Goes back from the end: of a group, through the step that ended
/// last and then always the dependency that ended last; of a fan-out, through the branch that ended last and then the
/// one whose end made room for it; into each of them in turn, down to single attempts.
std::vector<critical_report> critical_path(const step_tree& tree);

} // namespace troupe
