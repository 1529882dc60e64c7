#pragma once

#include "nodes/node/node_config.hpp"
#include "runtime/core/result.hpp"

#include <functional>
#include <memory>
#include <string>

namespace troupe {

class agent_catalog;
class agent_kinds;

/// What a program adds to a node: agents of its own. Each is called once, before the node starts; empty = nothing.
struct node_extensions {
  /// C++ functions and actors, for agents of kind `function` and for `troupe send`.
  std::function<void(agent_catalog&)> catalog;
  /// Whole kinds of agents.
  std::function<void(agent_kinds&)> kinds;
};

/// One running node: an actor system with its supervision tree, its links and its metrics. At most one at a time in a
/// process. Blocks SIGINT and SIGTERM in the calling thread's children, so that the program can wait for them itself.
class node {
public:
  /// Starts everything; answers when the node takes work. Fails with ERROR_CODE_INVALID_INPUT (configuration),
  /// ERROR_CODE_STORE (data folder), ERROR_CODE_UNAVAILABLE (an address is taken).
  static result<std::unique_ptr<node>> start(node_config config, node_extensions extensions = {});

  ~node();

  const std::string& name() const;

  /// Random for each start.
  const std::string& boot_id() const;

  /// Where workers and clients connect, with the real port; empty for a mere worker.
  std::string listen_address() const;

  /// Where Prometheus scrapes; empty when it does not.
  std::string metrics_address() const;

  /// Ends in good order within the configured grace time: no new work, running tasks may finish, the cluster is told.
  void stop();

  /// Whether the supervision tree is alive; when it is not, the node has given up and the process should end.
  bool alive() const;

private:
  friend struct node_access;
  struct impl;
  explicit node(std::unique_ptr<impl> x);
  std::unique_ptr<impl> impl_;
};

} // namespace troupe
