#pragma once

#include "actors/link/link_transport.hpp"

#include <functional>
#include <future>
#include <memory>
#include <string>

namespace troupe {

struct link_client_options {
  /// Shown in the coordinator's log.
  std::string name = "client";
  std::string cluster = "troupe";
  milliseconds connect_timeout{5'000};
  bool insecure_network = false;
  /// Most requests that wait for an answer; more fail with resource_exhausted.
  size_t most_pending = 4'096;
};

/// A program's connection to a coordinator: questions with deadlines, and streams. Needs no actor system. All members
/// may be called by any thread; callbacks run on the connection's own thread and must not block it (nor destroy the
/// client). A lost connection fails everything that is pending with unavailable, at once.
class link_client {
public:
  using answer = result<v1::Envelope>;
  using answer_handler = std::function<void(answer)>;

  struct watch_handlers {
    std::function<void(v1::RunUpdate)> on_update;
    /// The last call: with nothing after `run_finished`, else with what went wrong.
    std::function<void(result<void>)> on_end;
  };

  struct stream_handlers {
    /// A message of the stream; its acknowledgement is none.
    std::function<void(v1::Envelope)> on_message;
    /// The last call: with nothing after the stream's last message, else with what went wrong.
    std::function<void(result<void>)> on_end;
  };

  /// Fails with unavailable, timed_out, forbidden (another cluster, another protocol, no loopback address),
  /// invalid_input (the address).
  static result<std::unique_ptr<link_client>> connect(const std::string& address, link_client_options options = {});

  /// Everything pending fails.
  ~link_client();

  link_client(const link_client&) = delete;
  link_client& operator=(const link_client&) = delete;

  /// Asks; `question` needs its body only. `then` is called once: with an envelope that is not an error, or with the
  /// error that came instead. The coordinator knows the deadline, too.
  void request(v1::Envelope question, milliseconds timeout, answer_handler then);

  /// The same for whoever can wait; not for callbacks.
  answer ask(v1::Envelope question, milliseconds timeout);

  /// Asks for a stream: that of a run (which ends with `run_finished`) or of a workspace (which ends with `ended`).
  /// `timeout` is for the first sign of it. Returns the id of the question.
  uint64_t follow(v1::Envelope question, milliseconds timeout, stream_handlers handlers);

  /// Hears no more of a stream; `on_end` is not called.
  void forget(uint64_t question);

  /// Follows a run.
  void watch(const std::string& run_id, milliseconds timeout, watch_handlers handlers);

  /// Says something that has no answer. Lost where the connection is.
  void tell(v1::Envelope note);

  bool is_connected() const;

  /// Of the coordinator.
  const v1::Hello& peer() const;

private:
  struct impl;
  explicit link_client(std::shared_ptr<impl> x);
  std::shared_ptr<impl> impl_;
};

/// A fresh random identity of a process.
std::string make_boot_id();

} // namespace troupe
