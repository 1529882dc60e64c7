#pragma once

#include "runtime/core/json.hpp"

#include <string>

namespace troupe {

/// What a member of a team is told (the context of its turn), in words: its role, the goal, the teammates and when to
/// ask them, the phase, the artifacts at hand, what was decided and what is open, its inbox, comments on earlier work,
/// the question to answer. For models.
std::string brief(const json& context);

} // namespace troupe
