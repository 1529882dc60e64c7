#pragma once

#include "runtime/core/json.hpp"

#include <string>

namespace troupe {

/// What a member of a team is told (the context of its turn), in words: its role, the goal, the teammates and when to
/// ask them, the phase, the artifacts at hand, its inbox, comments on earlier work, the question to answer. For models.
std::string brief(const json& context);

/// The operations of a turn as tools of a chat-completions request; without those that an answer may not do.
json operation_tools(bool answering);

} // namespace troupe
