#pragma once

#include "runtime/core/json.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// What a reviewer answers, in words for one.
inline constexpr std::string_view verdict_form =
    R"({"verdict": "approve"}, or {"verdict": "revise", "comments": "what to change"})";

/// Why a reviewer's output, with or without operations, holds no verdict that a team takes; nothing when it does.
std::optional<std::string> verdict_fault(const json& output);

} // namespace troupe
