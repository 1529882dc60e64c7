#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// What `list` takes a limit of 0 for.
inline constexpr uint32_t default_list_limit = 100;

/// Where runs live. One thread at a time. Every call is one transaction, or one read.
///
/// Errors: ERROR_CODE_STORE with the engine's words and a remedy (disk full, locked, corrupt); others as noted.
class store {
public:
  virtual ~store() = default;

  /// Appends to any number of runs, all in one transaction (group commit). The outer error means that nothing was
  /// written. An inner one concerns its entry alone: ERROR_CODE_FENCED (the epoch is not the stored one, or events are
  /// missing before the first), ERROR_CODE_NOT_FOUND, ERROR_CODE_INVALID_INPUT (an event is too large). Events that the
  /// same epoch has stored already are skipped: an owner that got no answer may send them again. Of the summary only
  /// state, end and error are taken: owner and epoch change by `claim` alone.
  virtual result<std::vector<result<v1::EventsAppended>>> append(std::span<const v1::AppendEvents* const> batch) = 0;

  /// The stored summary; of the existing run when the id is taken. `summary.epoch` and `summary.owner` are stored as
  /// given. ERROR_CODE_INVALID_INPUT.
  virtual result<v1::RunSummary> create(const v1::CreateRun& request) = 0;

  /// Calls `writes`; what that appends and creates becomes one transaction. The error means that nothing was written,
  /// whatever the calls in `writes` returned. A store that waits for no disk may keep them apart.
  virtual result<void> together(const std::function<void()>& writes) {
    writes();
    return {};
  }

  /// Compare-and-set of (epoch, owner); see ClaimRun. A run's own owner may claim it again. ERROR_CODE_FENCED,
  /// ERROR_CODE_NOT_FOUND, ERROR_CODE_INVALID_INPUT.
  virtual result<v1::RunSummary> claim(const v1::ClaimRun& request) = 0;

  /// ERROR_CODE_NOT_FOUND.
  virtual result<v1::RunDetails> load(const std::string& run_id) = 0;

  /// Newest first; at most `limit`, 0 for the default.
  virtual result<v1::RunList> list(uint32_t limit, bool unfinished_only) = 0;
};

} // namespace troupe
