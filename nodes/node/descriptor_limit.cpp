#include "nodes/node/descriptor_limit.hpp"

#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <algorithm>

namespace troupe {

namespace {

/// Of the systemd unit.
constexpr rlim_t wanted = 65'536;

/// Peers (1 024 and 64 that introduce themselves), agents' pipes, HTTP connections.
constexpr rlim_t little = 4'096;

} // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < little)
    spdlog::warn("this process may have {} descriptors only; raise the limit (ulimit -Hn, LimitNOFILE) for many peers",
                 limit.rlim_cur);
}

} // namespace troupe
