#include "actors/link/accept_peers.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>

#include <utility>

namespace troupe {

namespace {

template <class Handle>
link_receiver hand_to(Handle owner) {
  return {[owner](link_batch_ptr batch) {
            caf::anon_send(owner, link_messages{0, std::move(batch)});
          },
          [owner](const error& reason) {
            caf::anon_send(owner, link_lost{0, reason});
          }};
}

} // namespace

link_transport::accepted_handler accept_peers(caf::actor_system& system, peer_config config, peer_neighbours neighbours,
                                              std::shared_ptr<const clock> time) {
  return [&system, config, neighbours = std::move(neighbours), time = std::move(time)](link_ptr link) -> link_receiver {
    auto registry = neighbours.registry();
    if (!registry)
      return {};
    if (link->peer().role() == "worker")
      return hand_to(system.spawn(worker_link, config.worker, link, registry, time));
    auto coordinator = neighbours.coordinator();
    if (link->peer().role() != "client" || !coordinator)
      return {};
    return hand_to(system.spawn(client_link, config.client, link, registry, coordinator));
  };
}

} // namespace troupe
