#pragma once

#include "actors/link/link_events.hpp"
#include "actors/link/workspace_watch.hpp"
#include "messages/coordinator.hpp"
#include "messages/registry.hpp"
#include "runtime/core/clock.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <map>
#include <utility>

namespace troupe {

struct client_link_config {
  /// Of a request that brings no deadline …
  milliseconds default_timeout{30'000};
  /// … and the longest that one may bring.
  milliseconds longest_timeout{3'600'000};
  /// Requests of one client under way at once; more are refused with resource_exhausted.
  size_t most_requests = 1'024;
  /// Runs and workspaces that one client follows at once.
  size_t most_watches = 256;
};

using client_link_actor = caf::typed_actor<caf::reacts_to<link_messages>, caf::reacts_to<link_lost>>;

/// A client of this coordinator: turns what comes over its link into requests to the coordinator and the registry, and
/// sends the answers back. Ends with the link.
struct client_link_state {
  static inline constexpr const char* name = "client-link";

  using pointer = client_link_actor::stateful_pointer<client_link_state>;

  ~client_link_state();

  void start(pointer self, client_link_config config, link_ptr link, registry_actor registry,
             coordinator_actor coordinator);
  void take(const link_batch_ptr& batch);
  void lost();
  void watch_ended(const caf::actor_addr& watch);

private:
  void take(v1::Envelope& message);
  void watch(const v1::Envelope& message);
  void watch_workspace(const v1::Envelope& message);
  void seen(const v1::WorkspaceSeen& note);
  /// False, and the client told, when it follows too much already.
  bool may_watch(uint64_t request);
  void submit(v1::Envelope& message);
  void large_run_answered();
  template <class Answer, class Handle, class Request>
  void ask(const Handle& whom, const v1::Envelope& message, Request&& request);
  milliseconds timeout_of(const v1::Envelope& message) const;
  template <class T>
  void answer(uint64_t request, const T& body);
  void refuse(uint64_t request, const error& why);

  pointer self_ = nullptr;
  client_link_config config_;
  link_ptr link_;
  registry_actor registry_;
  coordinator_actor coordinator_;
  size_t requests_ = 0;
  /// What is being taken in.
  link_batch_ptr batch_;
  /// Large runs are submitted one after the other, for each keeps the coordinator busy for a while: these wait for the
  /// one that is under way.
  std::deque<std::pair<v1::Envelope, link_batch_ptr>> waiting_runs_;
  bool submits_large_run_ = false;
  /// Invariant: we monitor each of them.
  std::map<caf::actor_addr, caf::strong_actor_ptr> watches_;
  /// By the request that began it.
  std::map<uint64_t, workspace_watch_actor> workspace_watches_;
};

client_link_actor::behavior_type client_link(client_link_state::pointer self, client_link_config config, link_ptr link,
                                             registry_actor registry, coordinator_actor coordinator);

} // namespace troupe
