#pragma once

#include "runtime/core/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace troupe {

/// How documents and reports write an error code: lower case, without the prefix ("invalid_input"). "unknown" for a
/// number that this build does not know.
std::string error_code_name(errc code);

/// The inverse; nothing for a name that no code has.
std::optional<errc> error_code_from_name(std::string_view name);

} // namespace troupe
