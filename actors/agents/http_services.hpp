#pragma once

#include "actors/http/http_transport.hpp"
#include "runtime/agents/http/settings.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/core/result.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace troupe {

/// What a node gives to the agents that speak HTTP; one for all of them.
struct http_services {
  std::shared_ptr<http_transport> transport;
  std::shared_ptr<const clock> time;
  /// Where keys and defaults come from.
  host_lookup lookup;

  /// A client of its own, the machine's clock, the process' environment and files.
  static http_services of_this_process();
};

/// Fails with ERROR_CODE_NOT_FOUND (no such file, in the system's words), ERROR_CODE_RESOURCE_EXHAUSTED (larger than
/// `max_bytes`).
result<std::string> read_small_file(const std::string& path, size_t max_bytes);

} // namespace troupe
