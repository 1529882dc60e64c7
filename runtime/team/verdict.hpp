#pragma once

#include "runtime/core/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What a reviewer answers, in words for one.
inline constexpr std::string_view verdict_form =
    R"({"verdict": "approve"}, or {"verdict": "revise", "comments": "what to change"})";

/// What a reviewer's output, with or without operations, says for a verdict, right or wrong; null when it says nothing.
const json* verdict_in(const json& output);

/// Why a team does not take it; nothing when it does.
std::optional<std::string> verdict_fault(const json* verdict);

} // namespace troupe
