#include "runtime/journal/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace troupe {

namespace {

template <class Events>
result<void> check_sizes(const Events& events) {
  for (const auto& event : events)
    if (auto size = event.ByteSizeLong(); size > max_event_bytes)
      return fail(v1::ERROR_CODE_INVALID_INPUT,
                  fmt::format("an event of {} bytes is larger than the journal takes ({} bytes); keep large data in "
                              "files and pass their names",
                              size, max_event_bytes));
  return {};
}

} // namespace

result<void> check_create(const v1::CreateRun& request) {
  auto length = request.summary().run_id().size();
  if (length == 0 || length > max_run_id)
    return fail(v1::ERROR_CODE_INVALID_INPUT,
                fmt::format("a run id has 1 to {} bytes, this one has {}", max_run_id, length));
  if (request.summary().definition_hash().empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("run {} has no definition hash", request.summary().run_id()));
  return check_sizes(request.events());
}

result<admitted_append> admit_append(const run_head& head, const v1::AppendEvents& entry) {
  if (entry.epoch() != head.epoch)
    return fail(v1::ERROR_CODE_FENCED, fmt::format("run {} is at epoch {}, the append is of epoch {}: somebody else "
                                                   "took the run over",
                                                   entry.run_id(), head.epoch, entry.epoch()));
  if (entry.first_seq() == 0 || entry.first_seq() > head.last_seq + 1)
    return fail(v1::ERROR_CODE_FENCED, fmt::format("the journal of run {} ends at event {}, the append begins at {}",
                                                   entry.run_id(), head.last_seq, entry.first_seq()));
  if (auto sizes = check_sizes(entry.events()); !sizes)
    return tl::unexpected(sizes.error());
  auto behind = head.last_seq + 1 - entry.first_seq();
  auto size = static_cast<uint64_t>(entry.events_size());
  auto known = std::min(behind, size);
  return admitted_append{static_cast<int>(known), head.last_seq + size - known};
}

result<uint64_t> admit_claim(const run_head& head, const v1::ClaimRun& request, const owner_alive_fn& owner_alive) {
  if (request.owner().empty())
    return fail(v1::ERROR_CODE_INVALID_INPUT, fmt::format("a claim of run {} names no owner", request.run_id()));
  if (request.expected_epoch() != head.epoch)
    return fail(v1::ERROR_CODE_FENCED, fmt::format("run {} is at epoch {}, not {}: somebody else was faster",
                                                   request.run_id(), head.epoch, request.expected_epoch()));
  if (head.owner != request.owner() && owner_alive && owner_alive(head.owner))
    return fail(v1::ERROR_CODE_FENCED,
                fmt::format("run {} belongs to {}, which is still alive", request.run_id(), head.owner));
  return head.epoch + 1;
}

tl::unexpected<error> other_events(const v1::AppendEvents& entry) {
  return fail(v1::ERROR_CODE_FENCED, fmt::format("the journal of run {} has other events from {} on: somebody else "
                                                 "writes under the same epoch",
                                                 entry.run_id(), entry.first_seq()));
}

tl::unexpected<error> no_such_run(const std::string& run_id) {
  return fail(v1::ERROR_CODE_NOT_FOUND, fmt::format("no run goes by the id \"{}\"", run_id.substr(0, max_run_id)));
}

tl::unexpected<error> definition_differs(const std::string& hash) {
  return fail(v1::ERROR_CODE_INVALID_INPUT,
              fmt::format("another definition with the hash {} is stored already; the hash must be the SHA-256 of the "
                          "definition",
                          hash.substr(0, max_run_id)));
}

} // namespace troupe
