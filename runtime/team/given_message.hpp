#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/team/inbox.hpp"

namespace troupe {

/// A message that a team begins with, in the form of the message template: {from, to, type, content, priority,
/// requires_response, timeout_seconds}; `id`, `timestamp` and `artifacts` are its sender's. Without a type it is an
/// event. `requires_response` is set for requests, unless the message says that it wants none. Fails with
/// ERROR_CODE_INVALID_INPUT, naming the member.
result<team_message> read_given_message(const json& x);

} // namespace troupe
