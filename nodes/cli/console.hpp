#pragma once

#include <cstddef>
#include <iosfwd>

namespace troupe::cli {

/// Where a command reads and writes: results to `out`, everything about how it is going to `err`.
struct console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  /// Somebody looks at `err`: bars instead of lines.
  bool err_is_terminal = false;
  /// Columns of that terminal.
  size_t width = 80;
};

} // namespace troupe::cli
