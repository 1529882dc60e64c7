#include "runtime/supervision/restart_ledger.hpp"

#include <algorithm>
#include <cmath>

namespace troupe {

restart_ledger::restart_ledger(restart_limits limits, random_source random) : limits_{limits}, random_{random} {}

std::optional<milliseconds> restart_ledger::record(int64_t now_ms) {
  while (!recent_.empty() && now_ms - recent_.front() > limits_.period.count())
    recent_.pop_front();
  if (recent_.size() >= limits_.intensity)
    return std::nullopt;
  const auto& backoff = limits_.backoff;
  auto longest = static_cast<double>(backoff.longest.count());
  auto waits = static_cast<double>(recent_.size()) - (backoff.first_at_once ? 1 : 0);
  // pow may be infinite; the bound takes care of that.
  auto wait =
      waits < 0 ? 0 : std::min(longest, static_cast<double>(backoff.initial.count()) * std::pow(backoff.factor, waits));
  wait *= 1 - std::clamp(backoff.jitter, 0.0, 1.0) * random_.unit();
  recent_.push_back(now_ms);
  return milliseconds{static_cast<int64_t>(wait)};
}

} // namespace troupe
