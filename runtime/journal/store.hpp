#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace troupe {

/// Where runs live. One thread at a time. Every call is one transaction, or one read.
///
/// Errors: ERROR_CODE_STORE with the engine's words and a remedy (disk full, locked, corrupt); others as noted.
class store {
public:
  virtual ~store() = default;

  /// Creates runs and appends to runs, all in one transaction (group commit). The outer error means that nothing was
  /// written. An inner one concerns its entry alone: ERROR_CODE_FENCED (the epoch is not the stored one, or the events
  /// do not begin right behind the last stored one), ERROR_CODE_NOT_FOUND.
  virtual result<std::vector<result<v1::EventsAppended>>> append(std::span<const v1::AppendEvents* const> batch) = 0;

  /// The stored summary; of the existing run when the id is taken. `summary.epoch` and `summary.owner` are stored as
  /// given.
  virtual result<v1::RunSummary> create(const v1::CreateRun& request) = 0;

  /// Compare-and-set of (epoch, owner); see ClaimRun. ERROR_CODE_FENCED, ERROR_CODE_NOT_FOUND.
  virtual result<v1::RunSummary> claim(const v1::ClaimRun& request) = 0;

  /// ERROR_CODE_NOT_FOUND.
  virtual result<v1::RunDetails> load(const std::string& run_id) = 0;

  /// Newest first.
  virtual result<v1::RunList> list(uint32_t limit, bool unfinished_only) = 0;
};

} // namespace troupe
