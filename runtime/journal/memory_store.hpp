#pragma once

#include "runtime/journal/rules.hpp"
#include "runtime/journal/store.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// A store that ends with its process, for runs that nobody wants to resume, and for tests: it fails on demand. Of the
/// runs that have ended it keeps the newest.
class memory_store final : public store {
public:
  static constexpr size_t default_ended_bytes = size_t{64} << 20;

  /// `ended_bytes`: what ended runs may take, and all definitions; the last to end is kept whatever it takes.
  explicit memory_store(owner_alive_fn owner_alive = {}, size_t ended_bytes = default_ended_bytes);

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
    size_t bytes = 0;

    run_head head() const;
  };

  struct kept_definition {
    std::string text;
    size_t runs = 0;
  };

  /// The injected failure, if one is due.
  result<void> enter();
  tl::unexpected<error> not_kept(const std::string& run_id) const;
  static void add(run_record& run, const v1::RunEvent& event);
  /// Drops the oldest of the ended runs while they take too much.
  void trim();

  owner_alive_fn owner_alive_;
  std::unordered_map<std::string, run_record> runs_;
  uint64_t created_ = 0;
  /// By their hash.
  std::map<std::string, kept_definition> definitions_;
  /// Runs in the order in which they ended, and what they take.
  std::deque<std::string> ended_;
  size_t ended_bytes_ = 0;
  size_t definition_bytes_ = 0;
  size_t most_ended_bytes_;
  size_t dropped_ = 0;
  size_t commits_ = 0;
  size_t failures_due_ = 0;
  error failure_;
};

} // namespace troupe
