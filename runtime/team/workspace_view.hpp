#pragma once

#include "runtime/core/result.hpp"
#include "runtime/team/workspace.hpp"
#include "troupe/v1/workspace.pb.h"

namespace troupe {

/// What a ReadWorkspace asks for. Fails with ERROR_CODE_NOT_FOUND, naming what there is.
result<v1::WorkspaceView> view_of(const workspace& from, const v1::ReadWorkspace& what);

/// The whole document.
v1::WorkspaceView view_of(const workspace& from);

/// A change as watchers hear of it; without run, step and time. Values above `inline_bytes` are left out.
v1::WorkspaceUpdate update_of(const workspace_change& change, size_t inline_bytes);

v1::TeamEnded to_proto(const team_end& x);

} // namespace troupe
