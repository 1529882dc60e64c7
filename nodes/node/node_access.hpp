#pragma once

#include "nodes/node/node.hpp"
#include "nodes/node/node_directory.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

/// For programs that are a node and speak to its actors directly (an actor of their own, a bench), not over a link.
/// Both live as long as the node runs.
struct node_access {
  static caf::actor_system& system(node& x);
  static node_directory& directory(node& x);
};

} // namespace troupe
