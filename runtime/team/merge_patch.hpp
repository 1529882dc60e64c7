#pragma once

#include "runtime/core/json.hpp"

#include <optional>
#include <string>

namespace troupe {

/// The merge patch (RFC 7396) that turns `from` into `to`. A member that is null in `to` counts as absent, for a merge
/// patch cannot say otherwise.
json make_merge_patch(const json& from, const json& to);

/// What both sides made of `base`, when they are objects and changed different members, or the same ones alike;
/// else nothing, and `where` names the member that both changed ("/intro/title"; "" = the whole value).
std::optional<json> merge_three_ways(const json& base, const json& current, const json& proposed, std::string& where);

} // namespace troupe
