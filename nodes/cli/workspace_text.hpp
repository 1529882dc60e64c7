#pragma once

#include "troupe/v1/workspace.pb.h"

#include <cstdint>
#include <string>

namespace troupe::cli {

/// A workspace for people: how far the team is, its artifacts, decisions, open questions and the end of its log.
std::string workspace_text(const v1::WorkspaceView& x);

/// The versions of an artifact that are kept.
std::string history_text(const v1::WorkspaceArtifact& x);

/// "+1.2 s  writer writes draft version 2 (1.2 KiB): …", without the time for a document; empty when there is nothing
/// to say. `begin_ms`: where the times count from.
std::string change_line(const v1::WorkspaceUpdate& x, int64_t begin_ms);

} // namespace troupe::cli
