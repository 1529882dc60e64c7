#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// Lower-case hex.
std::string sha256_hex(std::string_view data);

} // namespace troupe
