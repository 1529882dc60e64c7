#pragma once

#include "runtime/core/clock.hpp"
#include "runtime/core/json.hpp"
#include "runtime/core/result.hpp"
#include "troupe/v1/agent.pb.h"
#include "troupe/v1/cluster.pb.h"
#include "troupe/v1/journal.pb.h"
#include "troupe/v1/run.pb.h"
#include "troupe/v1/task.pb.h"
#include "troupe/v1/workspace.pb.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

struct client_options {
  /// Shown in the coordinator's log, and the `from` of messages that name no other sender.
  std::string name = "client";
  /// Must be the name of the cluster.
  std::string cluster = "troupe";
  milliseconds connect_timeout{5'000};
  /// For everything that brings no deadline of its own.
  milliseconds request_timeout{30'000};
  /// Called for a question to the coordinator itself that has no answer after `slow_after`, on the thread that waits.
  std::function<void()> on_slow;
  milliseconds slow_after{10'000};
  /// Allows a coordinator elsewhere than on this machine; nothing is encrypted or authenticated yet.
  bool insecure_network = false;
};

/// What `client::wait` calls, always on the thread that waits.
struct wait_handlers {
  std::function<void(const v1::RunUpdate&)> on_update;
  /// At least every 100 ms. False ends the waiting with ERROR_CODE_CANCELLED; the run goes on.
  std::function<bool()> on_idle;
  /// The connection was lost and is there again: what follows is the present state, then the changes to that.
  std::function<void()> on_restart;
};

/// What a watcher hears of one run, in order. Ends with `run_finished`.
class run_updates {
public:
  run_updates(run_updates&&) noexcept;
  run_updates& operator=(run_updates&&) noexcept;
  ~run_updates();

  /// The next update, or nothing when there is none within `timeout`. Fails with ERROR_CODE_UNAVAILABLE when the
  /// connection is lost (the run goes on without us; watch it again), ERROR_CODE_RESOURCE_EXHAUSTED when the reader
  /// was too slow and updates had to be dropped (watch it again for the state of things).
  result<std::optional<v1::RunUpdate>> next(milliseconds timeout);

private:
  friend class client;
  struct impl;
  explicit run_updates(std::shared_ptr<impl> x);
  std::shared_ptr<impl> impl_;
};

/// What `client::follow_workspace` calls, always on the thread that waits.
struct workspace_handlers {
  std::function<void(const v1::WorkspaceUpdate&)> on_update;
  /// At least every 100 ms. False ends the waiting with ERROR_CODE_CANCELLED.
  std::function<bool()> on_idle;
};

/// What a watcher hears of one team's workspace: the document first, then each change, in order and without gaps. A
/// reader that is too slow for them finds a new document in place of what it missed. Ends with `ended`.
class workspace_updates {
public:
  workspace_updates(workspace_updates&&) noexcept;
  workspace_updates& operator=(workspace_updates&&) noexcept;
  ~workspace_updates();

  /// The next update, or nothing when there is none within `timeout`. Fails with ERROR_CODE_UNAVAILABLE when the
  /// connection is lost or the run changes hands (watch it again), ERROR_CODE_NOT_FOUND when there is no such team;
  /// where that is retryable, it may still begin.
  result<std::optional<v1::WorkspaceUpdate>> next(milliseconds timeout);

private:
  friend class client;
  struct impl;
  explicit workspace_updates(std::shared_ptr<impl> x);
  std::shared_ptr<impl> impl_;
};

/// A program's way into a cluster: it joins as a client actor with one connection to a coordinator. Every call has a
/// deadline. All members may be called by any thread. Errors carry the codes of
/// troupe/v1/common.proto; ERROR_CODE_UNAVAILABLE means that the coordinator cannot be reached or went away, and that
/// the call may not have happened.
class client {
public:
  /// `address` is "host:port" of a coordinator.
  static result<client> connect(const std::string& address, client_options options = {});

  client(client&&) noexcept;
  client& operator=(client&&) noexcept;
  ~client();

  // -- runs

  /// Starts a run of a workflow document (as `workflow::document` of runtime/language/load.hpp gives it); returns its
  /// id. With a `run_id` of the caller's the call can be repeated safely: the same id is the same run. Fails with
  /// ERROR_CODE_INVALID_INPUT, naming the place, when the document or the input is not valid.
  result<std::string> submit(const json& document, const json& input, const std::string& run_id = {});

  /// Follows a run: the present state of its steps, then each change.
  result<run_updates> watch(const std::string& run_id);

  /// Waits for the end of a run. Survives a lost connection as long as the coordinator comes back within 30 s. Fails
  /// with ERROR_CODE_TIMED_OUT at the deadline; the run goes on then.
  result<v1::RunFinished> wait(const std::string& run_id, milliseconds deadline, const wait_handlers& handlers = {});

  result<v1::RunDetails> get(const std::string& run_id);
  /// Newest first; `limit` 0 = 100.
  result<v1::RunList> list(uint32_t limit = 0, bool unfinished_only = false);
  /// Settles a question that a team of the run waits for (`on_conflict: human`): {"keep": "current"}, {"keep":
  /// "proposed"} or {"value": …}. Fails with ERROR_CODE_NOT_FOUND when none does.
  result<void> answer(const std::string& run_id, const std::string& question, const json& content,
                      const std::string& who = {});

  /// Asks a run to end as cancelled; one that has ended stays as it is.
  result<void> cancel(const std::string& run_id, const std::string& reason = "cancelled by a client");
  /// Continues unfinished runs that nobody works on; empty = all of them. Returns those that go on now.
  result<v1::RunList> resume(const std::string& run_id = {});

  // -- teams

  /// A team's workspace: the whole document, or an artifact (its newest version where `version` is 0) with its history;
  /// also of a team that has ended. `step` is the place of the team's step; empty: the team that is at work, else the
  /// only one that there was. Fails with ERROR_CODE_NOT_FOUND, naming what there is (retryable: the team may still
  /// begin), ERROR_CODE_INVALID_INPUT when several teams are meant.
  result<v1::WorkspaceView> workspace(const std::string& run_id, const std::string& step = {},
                                      const std::string& artifact = {}, uint64_t version = 0);

  /// Follows a team's workspace: the present document, then each change.
  result<workspace_updates> watch_workspace(const std::string& run_id, const std::string& step = {});

  /// The same until the team ends; waits for it to begin. Survives a lost connection and a run that changes hands as
  /// long as a coordinator has it again within 30 s: then the document comes anew. Fails with ERROR_CODE_TIMED_OUT at
  /// the deadline.
  result<v1::TeamEnded> follow_workspace(const std::string& run_id, const std::string& step, milliseconds deadline,
                                         const workspace_handlers& handlers = {});

  // -- agents

  /// Sends a request to an agent and waits for its answer. The message needs `to` (an agent's name, or "capability:x")
  /// and `content`; the rest is filled in. Fails with ERROR_CODE_NOT_FOUND (no such agent), ERROR_CODE_UNAVAILABLE (it
  /// is gone), ERROR_CODE_TIMED_OUT. What the agent itself failed with is in the result.
  result<v1::TaskResult> request(v1::AgentMessage message, milliseconds deadline);

  /// Sends a message to an agent without waiting for its answer; what becomes of it is not told.
  result<void> send(v1::AgentMessage message);

  result<v1::AgentList> agents(const v1::FindAgents& query = {});

  // -- nodes

  result<v1::NodeList> nodes();
  /// The node finishes what it has and gets nothing new.
  result<void> drain(const std::string& node);

private:
  struct impl;
  explicit client(std::shared_ptr<impl> x);
  std::shared_ptr<impl> impl_;
};

} // namespace troupe
