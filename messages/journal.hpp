#pragma once

#include "messages/type_ids.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <memory>

namespace troupe {

/// An append that its sender keeps until it is durable. Never leaves the process.
using append_events_ptr = std::shared_ptr<const v1::AppendEvents>;

/// There is something in the backlog of a journal that keeps nothing: to be taken now, or in a moment.
struct take_backlog {
  bool now = false;
};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::append_events_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::take_backlog)

namespace troupe {

/// The JOURNAL: the one writer of a node's store. Appends that wait at the same time are committed together.
/// After a failed commit (ec::store) it refuses new runs until one succeeds; nothing it has acknowledged is ever lost.
using journal_actor = caf::typed_actor<
    // Answers once the events are durable. Fails with ec::fenced when the epoch is not the run's, ec::not_found,
    // ec::store.
    caf::replies_to<v1::AppendEvents>::with<v1::EventsAppended>,
    // The same without a copy.
    caf::replies_to<append_events_ptr>::with<v1::EventsAppended>,
    // From a run that does not wait.
    caf::reacts_to<take_backlog>,
    // Answers the stored summary; of the existing run when the id is taken. Fails with ec::store.
    caf::replies_to<v1::CreateRun>::with<v1::RunSummary>,
    // Fails with ec::fenced when somebody else was faster or the owner lives, ec::not_found, ec::store.
    caf::replies_to<v1::ClaimRun>::with<v1::RunSummary>,
    // Fails with ec::not_found, ec::store.
    caf::replies_to<v1::GetRun>::with<v1::RunDetails>,
    // Newest first. Fails with ec::store.
    caf::replies_to<v1::ListRuns>::with<v1::RunList>>;

} // namespace troupe
