#pragma once

#include "troupe/v1/run.pb.h"

#include <string>

namespace troupe::cli {

/// RUN, STATE, WORKFLOW, STARTED, TOOK, one line per run; an error goes to the end of its line.
std::string run_table(const v1::RunList& list);

} // namespace troupe::cli
