#pragma once

#include "runtime/journal/rules.hpp"
#include "runtime/journal/store.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace troupe {

struct sqlite_store_config {
  /// Must exist, on a local file system. The database is the file "troupe.db" in it.
  std::filesystem::path data_dir;
  /// How long a write waits for that of another process.
  int busy_timeout_ms = 5'000;
  /// Beyond this size the database counts as a full disk; 0 = no limit but the disk's.
  uint64_t max_bytes = 0;
  /// Asked before a run is taken from its owner, usually `owner_lock::alive`.
  owner_alive_fn owner_alive = {};
  /// Runs `commit`, the moment of a transaction that waits for the disk (write of the log, fsync), exactly once; for
  /// those who measure it. Empty: it simply runs.
  std::function<void(const std::function<void()>& commit)> around_commit = {};
};

/// Runs in a SQLite database (WAL, synchronous=FULL: what is acknowledged survives power loss). Several processes may
/// use the same data directory at the same time.
class sqlite_store final : public store {
public:
  /// Opens, checks and, where it is older, converts the database. Fails with ERROR_CODE_STORE: no such directory, not
  /// writable, damaged, another program's, of a newer version.
  static result<std::unique_ptr<sqlite_store>> open(sqlite_store_config config);

  ~sqlite_store() override;

  result<std::vector<result<v1::EventsAppended>>> append(std::span<const v1::AppendEvents* const> batch) override;
  result<v1::RunSummary> create(const v1::CreateRun& request) override;
  result<void> together(const std::function<void()>& writes) override;
  result<v1::RunSummary> claim(const v1::ClaimRun& request) override;
  result<v1::RunDetails> load(const std::string& run_id) override;
  result<v1::RunList> list(uint32_t limit, bool unfinished_only) override;

private:
  struct impl;
  explicit sqlite_store(std::unique_ptr<impl> opened);

  std::unique_ptr<impl> impl_;
};

} // namespace troupe
