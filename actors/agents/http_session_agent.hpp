#pragma once

#include "actors/agents/agent_kind.hpp"
#include "actors/http/http_transport.hpp"
#include "messages/agent.hpp"
#include "runtime/agents/http/http_session.hpp"
#include "runtime/core/clock.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

namespace troupe {

/// What the transport reported for one exchange of one task. Local only.
struct http_exchange_event {
  /// Which of the actor's exchanges; what comes late finds none.
  uint64_t exchange = 0;
  http_event event;
};

/// An agent as its host sees it, and what its own callbacks tell it.
using http_session_agent_actor = agent_actor::extend<caf::reacts_to<http_exchange_event>>;

struct http_session_agent_config {
  std::shared_ptr<http_transport> transport;
  std::function<std::unique_ptr<http_session>(const v1::Task&)> make_session;
  std::shared_ptr<const clock> time;
  /// Null when nobody listens.
  progress_sink_actor progress;
  /// Where the operations of turns in a team go. Null when nobody listens.
  operation_sink_actor operations;
  /// Bound on tasks that come without one of their own.
  milliseconds longest_task{600'000};
  /// Progress of a task is told no more often than this.
  milliseconds progress_interval{1'000};
};

struct http_session_agent_state {
  static constexpr const char* name = "http-session-agent";

  /// (run, task, attempt)
  using task_key = std::tuple<std::string, uint32_t, uint32_t>;

  struct work {
    /// Ids alone, without the input.
    v1::Task task;
    std::unique_ptr<http_session> session;
    caf::typed_response_promise<v1::TaskResult> promise;
    int64_t deadline_ms = 0;
    int64_t progress_at_ms = 0;
    /// Of the open exchange: our number, and the transport's.
    uint64_t exchange = 0;
    uint64_t transfer = 0;
    uint32_t operations = 0;
  };

  http_session_agent_config config;
  uint64_t last_exchange = 0;
  std::map<task_key, work> works;
  /// Open exchanges.
  std::map<uint64_t, task_key> exchanges;

  http_session_agent_state() = default;
  http_session_agent_state(const http_session_agent_state&) = delete;
  http_session_agent_state& operator=(const http_session_agent_state&) = delete;
  /// Aborts what is still open.
  ~http_session_agent_state();
};

/// Works on many tasks at once, each driven by a session of its own. Never blocks: the transport does the I/O.
/// Cancelling a task aborts its exchange and answers at once.
http_session_agent_actor::behavior_type
http_session_agent(http_session_agent_actor::stateful_pointer<http_session_agent_state> self,
                   http_session_agent_config config);

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::http_exchange_event)
