#pragma once

#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "runtime/team/inbox.hpp"
#include "runtime/team/workspace_change.hpp"
#include "runtime/team/workspace_snapshot.hpp"
#include "runtime/workflow/team_step.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace troupe {

/// A write as a member asks for it.
struct artifact_write {
  std::string artifact;
  lazy_json value;
  std::string author;
  /// The version that it is to follow; 0 = none yet.
  uint64_t expected = 0;
  /// Weight in a vote.
  double confidence = 1;
};

/// It was written.
struct artifact_written {
  uint64_t version = 0;
  size_t bytes = 0;
  /// Empty, or how a conflict was settled.
  std::string conflict;
};

/// Somebody else has to settle it (conflict::agent, conflict::human).
struct write_contested {};

/// The shared WORKSPACE of a team: task, artifacts with versions and authors, decisions, open questions, the log of
/// communication. A plain value: knows neither turns nor actors. Every write compares and sets. It counts its changes
/// and can tell them, so that a copy is kept equal. A copy shares the values, and may be used by another thread.
class workspace {
public:
  workspace(std::string id, int64_t created_ms, const team_limits& limits);

  /// Takes over what a document in the form of the template holds. Unknown members are refused with their name.
  result<void> seed(const json& document, int64_t now_ms);

  void set_task(json task);

  using put_result = std::variant<artifact_written, write_contested, error>;

  /// Fails with ERROR_CODE_CONFLICT when the policy does not let the write pass, ERROR_CODE_INVALID_INPUT for a name
  /// that is none, ERROR_CODE_RESOURCE_EXHAUSTED above a limit.
  put_result put(const artifact_write& write, team_step::conflict policy, int64_t now_ms);

  /// Writes what whoever settled a conflict decided, as the next version whatever the current one is.
  result<artifact_written> settle(const artifact_write& write, const char* how, int64_t now_ms);

  /// 0 = none yet.
  uint64_t version_of(const std::string& artifact) const;

  /// The newest, or the one asked for; null when there is none, or it is no longer kept.
  const artifact_version* find(const std::string& artifact, uint64_t version = 0) const;

  /// Oldest first.
  const std::deque<artifact_version>* history(const std::string& artifact) const;

  std::map<std::string, uint64_t> versions() const;

  /// The artifact that was written last; empty when there is none.
  const std::string& last_written() const {
    return last_written_;
  }

  // --- talk ---

  /// "dec-1"; settles the open question, if one is named. Fails with ERROR_CODE_NOT_FOUND when there is no such
  /// question.
  result<std::string> decide(const std::string& by, json decision, const std::string& reason,
                             const std::string& question, int64_t now_ms);
  /// "q-1"
  result<std::string> ask(const std::string& by, const std::string& question, int64_t now_ms);
  bool close_question(const std::string& id);
  result<void> note(const std::string& by, const std::string& text, int64_t now_ms);
  result<void> log(const team_message& message);
  /// Whether so many entries more (messages, decisions, questions, notes) of so many bytes are allowed;
  /// ERROR_CODE_RESOURCE_EXHAUSTED.
  result<void> room_for(size_t entries, size_t bytes) const;

  // --- progress, which the team sets ---

  void set_progress(const std::string& phase, uint32_t iteration, uint32_t turn, const std::string& last_role,
                    const std::string& on_turn = {});

  /// The last change.
  void end(team_end how);

  const std::optional<team_end>& ended() const {
    return ended_;
  }

  // --- changes ---

  /// How many there have been.
  uint64_t seq() const {
    return seq_;
  }

  /// From now on changes are kept for take_changes.
  void follow() {
    followed_ = true;
  }

  std::vector<workspace_change> take_changes() {
    return std::exchange(changes_, {});
  }

  /// Makes the change of the workspace that this one is a copy of. Changes that it has seen already do nothing.
  void apply(const workspace_change& change);

  const std::string& id() const {
    return id_;
  }

  /// What it shows now; the log without its older part. Shared until something changes.
  std::shared_ptr<const workspace_snapshot> snapshot() const;

  const team_limits& limits() const {
    return limits_;
  }

  const std::string& phase() const {
    return phase_;
  }

  /// Entries of the log that `document` leaves out.
  size_t earlier_messages() const;

  /// Everything about every version: [{artifact, version, author, timestamp, bytes, conflict}], oldest first.
  json changes() const;

  uint64_t digest() const;

private:
  struct ballot {
    std::string author;
    lazy_json value;
    double weight = 0;
  };

  struct artifact {
    std::deque<artifact_version> versions;
    /// Version that those who vote have in common, and what each of them wants in its place.
    uint64_t contested = 0;
    bool has_ballots = false;
    std::vector<ballot> ballots;
  };

  /// Parts of snapshots that are still true. A copy of the workspace makes its own: what they hold is parsed on demand,
  /// and so is one thread's.
  struct snapshot_cache {
    snapshot_cache() = default;
    snapshot_cache(const snapshot_cache&) {}
    snapshot_cache& operator=(const snapshot_cache&) {
      clear();
      return *this;
    }
    ~snapshot_cache() = default;
    void clear() {
      about.reset();
      said.reset();
      artifacts.reset();
      whole.reset();
    }

    std::shared_ptr<const lazy_json> about;
    std::shared_ptr<const workspace_snapshot::talk> said;
    std::shared_ptr<const std::vector<workspace_snapshot::artifact>> artifacts;
    std::shared_ptr<const workspace_snapshot> whole;
  };

  result<artifact_written> append(const std::string& name, lazy_json value, const std::string& author,
                                  const char* conflict, int64_t now_ms);
  result<void> log(lazy_json entry);
  error out_of_date(const artifact_write& write, const artifact& found) const;
  put_result merge(const artifact_write& write, artifact& found, int64_t now_ms);
  put_result vote(const artifact_write& write, artifact& found, int64_t now_ms);
  // Each change is made in one place, here and on a copy.
  void make(workspace_change::written x);
  void make(workspace_change::logged x);
  void make(workspace_change::decided x);
  void make(workspace_change::asked x);
  void make(workspace_change::settled x);
  void make(workspace_change::progressed x);
  void make(team_end x);
  /// Counts the change that is about to be made, and keeps it where somebody follows.
  template <class T>
  void change(T x);

  std::string id_;
  std::string created_;
  team_limits limits_;
  json task_ = json::object();
  std::map<std::string, artifact> artifacts_;
  size_t bytes_ = 0;
  std::string last_written_;
  json decisions_ = json::array();
  json questions_ = json::array();
  /// Messages and notes, oldest first.
  std::deque<lazy_json> log_;
  uint32_t entries_ = 0;
  /// Of the entries; those that are settled count on.
  size_t entry_bytes_ = 0;
  uint32_t last_decision_ = 0;
  uint32_t last_question_ = 0;
  uint64_t writes_ = 0;
  std::string phase_;
  uint32_t iteration_ = 1;
  uint32_t turn_ = 0;
  std::string last_role_;
  std::optional<team_end> ended_;
  uint64_t seq_ = 0;
  bool followed_ = false;
  std::vector<workspace_change> changes_;
  mutable snapshot_cache known_;
};

} // namespace troupe
