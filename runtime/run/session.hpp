#pragma once

#include "runtime/run/machine.hpp"
#include "runtime/run/run_ahead.hpp"
#include "troupe/v1/journal.pb.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe {

/// A run machine with its journal discipline and its clock: events go in, and what follows from an event comes out only
/// after the journal has it. Pure; whoever owns a session does the appending, sending and waiting.
///
///   offer(event) ──► machine ──► commands wait behind the event's sequence number
///   take_append() ──► journal ──► appended(seq) ──► commands up to seq
///
/// But for what nobody outside can notice, where `allow_ahead` was called: see run_ahead.
class run_session {
public:
  /// `summary` as the store has it: id, workflow, owner and epoch are those of this life of the run.
  run_session(workflow_ptr definition, v1::RunSummary summary, bool publish_updates = true);

  /// Feeds an event that the journal holds already, in order. Commands of the past are not repeated.
  void replay(const v1::RunEvent& event);

  /// Instead of `replay`, for the one event of a new run, which the journal has stored together with it: what follows
  /// from it is `release`d piece by piece while the machine works.
  void begin(const v1::RunEvent& event, const std::function<void(std::vector<command>)>& release);

  /// After the last replay of a run that somebody else began: everything in flight is sent again.
  void resume(int64_t now_ms);

  /// From now on `take_ahead` yields commands. For journals that let one wait.
  void allow_ahead() {
    ahead_.allow();
  }

  /// What may leave before the journal has what it follows from. To be called after each `offer` or series of them.
  std::vector<command> take_ahead() {
    return std::exchange(ready_, {});
  }

  /// A new event. False when the machine has no use for it (a late or repeated result): it is dropped and not
  /// journaled.
  bool offer(v1::RunEvent event, int64_t now_ms);

  /// Offers TimerFired for every timer that is due.
  void fire_timers(int64_t now_ms);

  /// When the next timer is due, on the clock of `now_ms` as it was when we were told last.
  std::optional<int64_t> next_timer() const;

  /// What is to be appended now; null when there is nothing. One append is under way at a time; events that come
  /// meanwhile go with the next. Shared, so that nobody copies it on its way: the session keeps it until it is durable.
  std::shared_ptr<const v1::AppendEvents> take_append();

  /// Events up to this one are durable: returns the commands that may leave. The late answer to a smaller append than
  /// that of now means nothing; the answer to this one follows.
  std::vector<command> appended(uint64_t last_seq);

  /// What may leave, now that the journal has what it follows from.
  std::vector<command> take_held();

  /// Somebody wants to see a team's workspace: a workspace_shown command comes out once everything in it is durable,
  /// then the changes. Fails like run_machine::show_workspace.
  result<team_place> show_workspace(const std::string& step);

  /// The append failed and will be tried again: `take_append` yields the same events (and newer ones) anew.
  void append_failed();

  /// The last event of the append that is under way.
  uint64_t last_appended() const {
    return durable_seq_ + static_cast<uint64_t>(append_->events_size());
  }

  /// Whether an append is under way.
  bool appending() const {
    return appending_;
  }

  /// Everything known has been made durable and the run has ended.
  bool done() const;

  /// Sequence number of the last event that was taken, and of the last that is durable. Whoever acknowledges what an
  /// event asked for waits until the second has reached the first.
  uint64_t last_seq() const {
    return last_seq_;
  }
  uint64_t durable_seq() const {
    return durable_seq_;
  }

  /// See run_machine.
  void publish_at_most(uint64_t updates) {
    machine_.publish_at_most(updates);
  }

  const run_machine& machine() const {
    return machine_;
  }
  const v1::RunSummary& summary() const {
    return summary_;
  }

private:
  void absorb(std::vector<command>& commands, bool keep);
  /// The run's own clock: as `now_ms`, but it goes on from where it was when that was set back.
  int64_t run_time(int64_t now_ms);

  run_machine machine_;
  run_ahead ahead_;
  v1::RunSummary summary_;
  /// Sequence number of the last event that the machine has seen, and of the last durable one.
  uint64_t last_seq_ = 0;
  uint64_t durable_seq_ = 0;
  int64_t last_event_ms_ = 0;
  /// What the run's clock showed last, and how far it is ahead of the clock that we are told.
  int64_t latest_ms_ = 0;
  int64_t shift_ms_ = 0;
  /// Not yet durable, and not in an append yet.
  google::protobuf::RepeatedPtrField<v1::RunEvent> pending_;
  /// The last append, until it is durable; on its way to the store while `appending_`.
  std::shared_ptr<const v1::AppendEvents> append_;
  bool appending_ = false;
  /// Commands by the event that they follow from.
  std::deque<std::pair<uint64_t, command>> held_;
  /// Those that need not be held.
  std::vector<command> ready_;
  std::set<std::pair<int64_t, uint64_t>> timers_by_due_;
  std::map<uint64_t, int64_t> timers_;
  std::vector<command> scratch_;
};

} // namespace troupe
