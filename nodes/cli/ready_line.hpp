#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::cli {

/// What a node says on its standard output, once and on one line, when others can reach it: with port 0 nobody knows
/// the addresses before. "ready name=c1 listen=127.0.0.1:7400 metrics=127.0.0.1:9400"
struct ready_line {
  std::string name;
  /// Where the links of other nodes and clients arrive; empty for a worker.
  std::string listen;
  /// Of the metrics; empty when there are none.
  std::string metrics;

  std::string to_string() const;

  /// Nothing when the line is not one.
  static std::optional<ready_line> parse(std::string_view line);
};

} // namespace troupe::cli
