#include "nodes/cli/version.hpp"

namespace troupe::cli {

std::string version() {
  return TROUPE_VERSION;
}

std::string version_line() {
  return "troupe " + version();
}

} // namespace troupe::cli
