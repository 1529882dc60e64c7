#pragma once

#include "runtime/journal/rules.hpp"
#include "runtime/journal/store.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// A store that ends with its process, for runs that nobody wants to resume, and for tests: it fails on demand.
class memory_store final : public store {
public:
  explicit memory_store(owner_alive_fn owner_alive = {});

  result<std::vector<result<v1::EventsAppended>>> append(std::span<const v1::AppendEvents* const> batch) override;
  result<v1::RunSummary> create(const v1::CreateRun& request) override;
  result<v1::RunSummary> claim(const v1::ClaimRun& request) override;
  result<v1::RunDetails> load(const std::string& run_id) override;
  result<v1::RunList> list(uint32_t limit, bool unfinished_only) override;

  /// The next `calls` calls fail, reads included, and change nothing.
  void fail_next(size_t calls, error with = disk_full());

  static error disk_full();

  /// How many write transactions have succeeded.
  size_t commits() const {
    return commits_;
  }

private:
  struct run_record {
    v1::RunSummary summary;
    /// Serialised: smaller, and quicker than a copy.
    std::vector<std::string> events;
    /// Grows with every run created; breaks ties of `created_at_ms`.
    uint64_t number = 0;

    run_head head() const;
  };

  /// The injected failure, if one is due.
  result<void> enter();

  owner_alive_fn owner_alive_;
  std::unordered_map<std::string, run_record> runs_;
  /// Definition by its hash.
  std::map<std::string, std::string> definitions_;
  size_t commits_ = 0;
  size_t failures_due_ = 0;
  error failure_;
};

} // namespace troupe
