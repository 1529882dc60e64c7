#pragma once

#include "runtime/core/json.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe {

/// What a message may say, wherever it comes from: an operation of a member, a document, a run's input.

/// Its content, which was checked where it came in (check_json). No text at all is null.
json read_content(const std::string& text);

/// "low" (-50), "normal" (0), "high" (50), or a number from -100 to 100; nothing for anything else.
std::optional<int32_t> read_priority(const json& x);

/// The artifacts that a message is about: a list of names, at most so many; nothing for anything else.
std::optional<std::vector<std::string>> read_artifact_names(const json& x);
inline constexpr size_t most_named_artifacts = 64;

} // namespace troupe
