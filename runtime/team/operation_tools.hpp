#pragma once

#include "runtime/core/json.hpp"

namespace troupe {

/// The operations of a turn as tools of a chat-completions request, with the members that `parse_operation` takes
/// (other than those of the message template that say nothing more). `answering`: without those that are of no use to
/// who answers a question.
json operation_tools(bool answering);

} // namespace troupe
