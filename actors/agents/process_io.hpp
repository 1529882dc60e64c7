#pragma once

#include "actors/agents/process_port.hpp"

#include <memory>

namespace troupe {

/// The child processes of this process: one thread for all pipes of all of them.
///
/// Each child leads a process group of its own, which is killed as a whole; when a leader ends, the rest of its group
/// is killed too. When the node dies by whatever means, the system kills the leaders (PR_SET_PDEATHSIG).
/// The destructor ends all groups, within their grace time, and waits for that.
std::shared_ptr<process_port> make_process_io();

} // namespace troupe
