#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/random.hpp"
#include "runtime/supervision/restart_ledger.hpp"
#include "runtime/supervision/restart_policy.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace troupe {

/// What the shell has to do, in the order given.
struct supervision_command {
  enum class kind {
    /// Start the child at once and report `started` or `start_failed` before any other event.
    start,
    /// Tell the child to end.
    stop,
    /// The child's grace is over: kill it.
    kill,
    /// Not even that helped (it blocks in foreign code): stop watching it, it counts as gone.
    abandon,
    /// The child is gone and forgotten: it was removed, or it was temporary.
    removed,
    /// The child that was added could not be started and is forgotten.
    refused,
    /// No child runs any more; the supervisor ends.
    closed,
  };

  kind what = kind::start;
  std::string child = {};

  bool operator==(const supervision_command&) const = default;
};

using supervision_commands = std::vector<supervision_command>;

/// A supervisor's decisions, after OTP's `supervisor`: whom to start, stop and kill, in which order, and when to give
/// up. Events in, commands out; times are milliseconds of one steady clock.
///
/// The life of a child:
///
///            due, and its turn            told to stop
///   waiting ──────────────────▶ up ───────────────────▶ stopping
///      ▲                        │                          │
///      │   crash                │ end without restart      │ down
///      ├────────────────────────┤                          │
///      │   restarted together with a crashed one           │
///      └───────────────────────────────────────────────────┤
///                               ▼                          │
///                             ended / forgotten ◀──────────┘
///
/// Children are started in order, and stopped in reverse order, one after the other. In contrast to OTP nothing blocks:
/// while one child is being stopped or waits for its restart, the others' ends are dealt with.
class supervision {
public:
  struct child_options {
    std::string id;
    restart_type restart = restart_type::permanent;
    milliseconds grace{5'000};
  };

  struct child_view {
    std::string id;
    bool up = false;
    uint64_t restarts = 0;
  };

  enum class add_outcome { accepted, exists, closing };

  /// How long a killed child may take to be gone before it is abandoned.
  static constexpr milliseconds kill_patience{5'000};

  supervision(restart_strategy strategy, restart_limits limits, random_source random);

  /// Adds a child behind the others, or takes up one of that id that has ended, with its new options. It starts as soon
  /// as it is its turn; when that fails the first time, it is `refused`, unless it is one of the `founders`, whose
  /// failed start is a crash.
  add_outcome add(child_options options, int64_t now_ms, bool founder = false);

  /// Stops and forgets a child; `removed` tells when. Returns false when there is none of that id.
  bool remove(const std::string& id, int64_t now_ms);

  /// Reports on `start`.
  void started(const std::string& id, int64_t now_ms);
  void start_failed(const std::string& id, int64_t now_ms);

  /// A child ended. Normal: exit_reason::normal or user_shutdown.
  void down(const std::string& id, bool normal, int64_t now_ms);

  /// Stops all children; `closed` tells when that is done, and is the last command. Nothing is started any more.
  void close();

  /// What is to be done now. To be called after each event, and at `next_wake`.
  supervision_commands advance(int64_t now_ms);

  /// When `advance` must be called if nothing happens before.
  std::optional<int64_t> next_wake() const;

  /// Whether it closes because the children crashed too often.
  bool gave_up() const {
    return gave_up_;
  }

  std::vector<child_view> children() const;

private:
  enum class state { waiting, starting, up, stopping, ended };

  struct child {
    child_options options;
    /// Changed by `move` alone.
    state now = state::ended;
    /// Grows from each child to the one behind it.
    uint64_t number = 0;
    /// Waiting: not before this.
    int64_t due_ms = 0;
    /// Stopping: the patience ends here.
    int64_t deadline_ms = 0;
    bool killed = false;
    /// Has to stop because another one crashed; waits for its restart afterwards.
    bool restarts_with_group = false;
    bool leaves = false;
    /// Added while the supervisor ran, and not started yet.
    bool on_trial = false;
    bool started_before = false;
    uint64_t restarts = 0;
  };

  using children_type = std::list<child>;

  children_type::iterator find(const std::string& id);
  void move(child& who, state next);
  void crashed(children_type::iterator who, int64_t now_ms);
  void gone(children_type::iterator who, bool normal, int64_t now_ms);
  children_type::iterator forget(children_type::iterator who, supervision_command::kind how);
  void begin_stop(child& who, int64_t now_ms);
  void enforce_deadlines(int64_t now_ms);
  /// One step of stopping children in reverse order; false when none is left that has to stop.
  template <class Predicate>
  bool stop_last(Predicate has_to_stop, int64_t now_ms);
  void start_next(int64_t now_ms);
  bool starts_are_held() const;

  restart_strategy strategy_;
  restart_ledger ledger_;
  children_type children_;
  std::unordered_map<std::string, children_type::iterator> by_id_;
  uint64_t last_number_ = 0;
  /// Those that wait, start or stop, in order. A supervisor of a thousand children that are up must not look at all of
  /// them at every turn.
  std::map<uint64_t, child*> moving_;
  /// Those that are up, in order: so that the last one is found at once.
  std::map<uint64_t, child*> up_;
  /// Not yet handed out.
  supervision_commands commands_;
  bool closing_ = false;
  bool closed_ = false;
  bool gave_up_ = false;
};

} // namespace troupe
