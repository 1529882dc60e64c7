#pragma once

#include "actors/journal/journal_backlog.hpp"
#include "actors/journal/journal_probe.hpp"
#include "messages/journal.hpp"
#include "runtime/core/clock.hpp"
#include "runtime/journal/store.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace troupe {

struct journal_config {
  /// Opens the store on the journal's own thread, again after each restart. Must be set.
  std::function<result<std::unique_ptr<store>>()> open = {};
  /// A batch of this many events is committed without waiting for more. Range: 1 and up.
  size_t most_events = 4'096;
  /// The same in bytes.
  size_t most_bytes = size_t{8} << 20;
  /// After a store error new runs are refused; at most once in this time one is let through to see whether the store is
  /// back. Appends of runs under way are always tried.
  milliseconds probe_interval{1'000};
  /// Of a store that keeps nothing beyond the process: events of runs that do not wait. Null = they all do.
  std::shared_ptr<journal_backlog> backlog = {};
};

/// Names the first value that lies outside of its range, if any.
caf::error validate(const journal_config& config);

/// Sent to itself when the first write of a batch comes in: what came before it in the mailbox is committed together.
/// Not needed for one that comes alone.
struct flush_tick {};
/// The backlog has waited long enough.
struct backlog_tick {};

using journal_self_actor = journal_actor::extend<caf::reacts_to<flush_tick>, caf::reacts_to<backlog_tick>>;

struct journal_state {
  static inline constexpr const char* name = "journal";

  using pointer = journal_self_actor::stateful_pointer<journal_state>;
  using append_promise = caf::typed_response_promise<v1::EventsAppended>;

  /// Nobody waits in vain: what is still pending fails with ec::unavailable.
  ~journal_state();

  void start(pointer self, journal_config config, journal_probe probe, std::unique_ptr<store> opened);

  void append(append_events_ptr request, append_promise promise);
  void take_soon();
  void take_now();
  void flush();
  void commit();

  caf::result<v1::RunSummary> create(v1::CreateRun request);
  result<v1::RunSummary> claim(const v1::ClaimRun& request);
  result<v1::RunDetails> load(const v1::GetRun& request);
  result<v1::RunList> list(const v1::ListRuns& request);

private:
  struct pending_append {
    append_events_ptr request;
    append_promise promise;
    std::chrono::steady_clock::time_point arrived;
  };

  struct pending_create {
    v1::CreateRun request;
    caf::typed_response_promise<v1::RunSummary> promise;
  };

  void take_from_backlog();
  void add(append_events_ptr request, append_promise promise);
  void commit_soon();
  void store_failed(const error& why);
  void store_worked();
  /// Counts the outcome of a write, which also says how the store is.
  template <class T>
  result<T> noted(result<T> outcome);

  journal_self_actor::pointer self_ = nullptr;
  journal_config config_;
  std::optional<journal_probe> probe_;
  std::unique_ptr<store> store_;
  std::vector<pending_append> batch_;
  std::vector<pending_create> creates_;
  size_t batch_events_ = 0;
  size_t batch_bytes_ = 0;
  /// Invariant: a flush_tick is in the mailbox exactly when this is set.
  bool flush_is_due_ = false;
  /// The same of a backlog_tick, on its way.
  bool take_is_due_ = false;
  /// Set while the store fails.
  std::optional<error> degraded_;
  /// When the next new run may probe a failing store.
  caf::actor_clock::time_point next_probe_ = {};
};

/// Blocks on the disk: spawn it with caf::detached. One per data directory and process; quits with ec::store when the
/// store cannot be opened. Told to stop, it commits what it has taken first.
journal_self_actor::behavior_type journal(journal_state::pointer self, journal_config config, journal_probe probe);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::flush_tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::backlog_tick)
