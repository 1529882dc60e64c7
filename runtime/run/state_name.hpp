#pragma once

#include "troupe/v1/run.pb.h"

#include <string_view>

namespace troupe {

/// As users read it everywhere: "running", "succeeded", "partial", "failed", "cancelled".
inline std::string_view state_name(v1::RunState state) {
  switch (state) {
  case v1::RUN_STATE_SUCCEEDED:
    return "succeeded";
  case v1::RUN_STATE_PARTIAL:
    return "partial";
  case v1::RUN_STATE_FAILED:
    return "failed";
  case v1::RUN_STATE_CANCELLED:
    return "cancelled";
  default:
    return "running";
  }
}

} // namespace troupe
