#pragma once

#include <string>

namespace troupe::cli {

/// "0.1.0"
std::string version();

/// "troupe 0.1.0"
std::string version_line();

} // namespace troupe::cli
