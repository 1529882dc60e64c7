#pragma once

#include "runtime/core/result.hpp"
#include "runtime/run/command.hpp"
#include "troupe/v1/run.pb.h"

#include <memory>
#include <string>

namespace troupe {

/// The workspace of a team as the journal of its run has it: as it was when the team ended, or as it is now. `step` is
/// the place of the team's step; of a step that was tried again, the last try counts. Empty: the team that is at work,
/// else the only one that there was. Fails with ERROR_CODE_NOT_FOUND when there is none (retryable: one may still
/// begin), ERROR_CODE_INVALID_INPUT when several are meant, both with the places that there are; and like replay_run.
result<workspace_shown> replay_workspace(const v1::RunDetails& details, const std::string& step);

} // namespace troupe
