#pragma once

#include "runtime/core/result.hpp"
#include "runtime/journal/outage.hpp"

#include <cstdint>
#include <mutex>
#include <string>

namespace troupe {

/// Logs an outage of the journal: a line when the first run of this coordinator waits for it, and one when none does
/// any more. Shared by the coordinator and its runs; any thread.
class journal_waits {
public:
  /// `subject` is what `about` says of the run. `now_ms` is steady.
  void begin(const std::string& run, const std::string& subject, const error& why, int64_t now_ms);

  /// The run goes on, or is gone; it need not have waited.
  void end(const std::string& run, int64_t now_ms);

private:
  std::mutex mutex_;
  outage outage_;
};

} // namespace troupe
