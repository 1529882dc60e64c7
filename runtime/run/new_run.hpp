#pragma once

#include "runtime/workflow/workflow.hpp"
#include "troupe/v1/run.pb.h"

#include <cstdint>
#include <string>

namespace troupe {

/// What a coordinator decides about a run that it begins.
struct run_origin {
  std::string run_id;
  std::string owner;
  /// Unix ms.
  int64_t now_ms = 0;
  uint64_t seed = 0;
  std::string traceparent;
};

/// What the journal keeps of a run that begins: its summary (running, first epoch), its definition, its first event.
/// `input` is JSON; empty = null.
v1::CreateRun new_run(const workflow& definition, const std::string& input, run_origin origin);

} // namespace troupe
