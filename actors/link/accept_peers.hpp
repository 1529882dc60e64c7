#pragma once

#include "actors/link/client_link.hpp"
#include "actors/link/link_transport.hpp"
#include "actors/link/worker_link.hpp"

#include <functional>
#include <memory>

namespace troupe {

/// Whom the links of a coordinator's peers talk to: asked anew for each link, because a supervisor may have started
/// them again. Null = not there right now; the peer is turned away and tries again.
struct peer_neighbours {
  std::function<registry_actor()> registry;
  std::function<coordinator_actor()> coordinator;
};

struct peer_config {
  worker_link_config worker;
  client_link_config client;
};

/// For `link_transport::listen` of a coordinator: gives each peer that introduces itself as a worker or a client an
/// actor of its own, which ends with its link. Stop the transport before the actor system.
link_transport::accepted_handler accept_peers(caf::actor_system& system, peer_config config, peer_neighbours neighbours,
                                              std::shared_ptr<const clock> time);

} // namespace troupe
