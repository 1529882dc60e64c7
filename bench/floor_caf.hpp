#pragma once

#include "messages/agent.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::bench {

class child;

/// The floor for everything local: an actor system as CAF comes, with nothing of troupe in it but the messages. Two
/// threads; `policy` is CAF's own default (work stealing) or "sharing".
class plain_caf {
public:
  explicit plain_caf(const std::string& policy = "stealing");

  /// `count` requests with at most `at_once` outstanding, to one actor: a v1::Task there, a v1::TaskResult back.
  /// Seconds of all, and of each.
  double ask(size_t count, size_t at_once);

  /// One request to each of `count` actors, all at once. Seconds.
  double fan(size_t count);

  /// Four actors in turn parse a document (JSON), revise it and print it for the next, `count` times in all. Seconds.
  double relay(size_t count, const std::string& document);

  /// Spawns `count` actors that wait. Seconds. `then` is called while they are there.
  double idle(size_t count, const std::function<void()>& then);

  /// Seconds from sending a task that kills an actor to the answer of the next one, which its watcher spawns.
  double crash_and_ask();

private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
};

/// The floor between processes: the same requests over CAF's own middleman to plain_caf_main in a child.
class remote_caf {
public:
  remote_caf();
  ~remote_caf();

  double ask(size_t count, size_t at_once);
  /// Half of `count` to each of two children, all at once. Seconds.
  double fan(size_t count);

private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Prints its port, then serves until its parent goes away.
int plain_caf_main();

} // namespace troupe::bench
