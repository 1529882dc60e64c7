#pragma once

#include "runtime/core/random.hpp"
#include "runtime/supervision/restart_policy.hpp"

#include <cstdint>
#include <deque>
#include <optional>

namespace troupe {

/// Counts restarts and says when it is enough.
class restart_ledger {
public:
  restart_ledger(restart_limits limits, random_source random);

  /// A restart is due at `now_ms`. The wait before it, or nothing: the limit is reached, give up.
  /// Law: of the restarts allowed, no more than `intensity` lie within any `period`.
  std::optional<milliseconds> record(int64_t now_ms);

private:
  restart_limits limits_;
  random_source random_;
  /// When the restarts of the last period were due; oldest first; at most `intensity`.
  std::deque<int64_t> recent_;
};

} // namespace troupe
