#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

/// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). Case counts.
size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that was probably meant by `text`; empty when none is near.
std::string nearest(std::string_view text, const std::vector<std::string>& candidates);

/// "did you mean \"agent\"?"; empty when none is near.
std::string did_you_mean(std::string_view text, const std::vector<std::string>& candidates);

/// "a, b, c", cut after 40.
std::string enumerate(const std::vector<std::string>& names);

/// A piece of the document for a message: cut to 64 bytes, control characters replaced.
std::string excerpt(std::string_view text);

} // namespace troupe
