#include "actors/run/journal_waits.hpp"

#include <spdlog/spdlog.h>

namespace troupe {

void journal_waits::begin(const std::string& run, const std::string& subject, const error& why, int64_t now_ms) {
  std::lock_guard guard{mutex_};
  if (outage_.waits(run, now_ms))
    spdlog::error("{} run waits for its journal, and tries again until it is back: {}", subject, why.message);
  else
    spdlog::debug("{} run waits for its journal: {}", subject, why.message);
}

void journal_waits::end(const std::string& run, int64_t now_ms) {
  std::lock_guard guard{mutex_};
  if (auto over = outage_.waits_no_more(run, now_ms))
    spdlog::info("no run waits for the journal any more; in {} ms {} did", over->took_ms, over->waited);
}

} // namespace troupe
