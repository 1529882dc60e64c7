#pragma once

#include "runtime/core/result.hpp"
#include "troupe/v1/journal.pb.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace troupe {

/// Tells whether the coordinator process that goes by this name still lives. One that died never comes back under the
/// same name, so "no" stays true. An empty function means that nobody lives.
using owner_alive_fn = std::function<bool(const std::string& owner)>;

/// Longest run id, in bytes.
inline constexpr size_t max_run_id = 256;

/// Largest event, serialised, in bytes.
inline constexpr size_t max_event_bytes = size_t{64} << 20;

/// What the decision about an append or a claim depends on.
struct run_head {
  uint64_t epoch = 0;
  uint64_t last_seq = 0;
  std::string owner = {};
};

/// The journal's rules, the same for every store. A store calls them inside of its transaction.

/// ERROR_CODE_INVALID_INPUT.
result<void> check_create(const v1::CreateRun& request);

/// What an append changes.
struct admitted_append {
  /// So many events at its front stand where events are stored already. An owner that heard of a failure, or heard
  /// nothing, sends the same events again (and newer ones), although the store may have taken them. The store skips
  /// them once it has seen that they are the same; see other_events.
  int known = 0;
  /// The run's last event once the entry is in.
  uint64_t last_seq = 0;
};

/// ERROR_CODE_FENCED, ERROR_CODE_INVALID_INPUT.
result<admitted_append> admit_append(const run_head& head, const v1::AppendEvents& entry);

/// The new epoch. ERROR_CODE_FENCED, ERROR_CODE_INVALID_INPUT.
result<uint64_t> admit_claim(const run_head& head, const v1::ClaimRun& request, const owner_alive_fn& owner_alive);

/// The entry repeats stored events, but they are others. ERROR_CODE_FENCED.
tl::unexpected<error> other_events(const v1::AppendEvents& entry);

tl::unexpected<error> no_such_run(const std::string& run_id);

/// The same hash stands for two definitions. ERROR_CODE_INVALID_INPUT.
tl::unexpected<error> definition_differs(const std::string& hash);

} // namespace troupe
