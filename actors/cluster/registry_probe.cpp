#include "actors/cluster/registry_probe.hpp"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <utility>

namespace troupe {

struct registry_probe::instruments {
  std::array<prometheus::Gauge*, v1::NodeState_ARRAYSIZE> nodes = {};
  prometheus::Counter* heartbeats;
  prometheus::Counter* heartbeats_fenced;
  prometheus::Counter* joins;
  prometheus::Counter* joins_refused;
  prometheus::Counter* losses;
};

registry_probe::registry_probe(prometheus::Registry& metrics) : all_{std::make_shared<instruments>()} {
  auto counter = [&](const char* name, const char* help) {
    return &prometheus::BuildCounter().Name(name).Help(help).Register(metrics).Add({});
  };
  auto& nodes = prometheus::BuildGauge()
                    .Name("troupe_nodes")
                    .Help("Nodes by state; lost and left ones for some minutes.")
                    .Register(metrics);
  for (auto [state, label] : {std::pair{v1::NODE_STATE_UP, "up"},
                              {v1::NODE_STATE_SUSPECT, "suspect"},
                              {v1::NODE_STATE_DRAINING, "draining"},
                              {v1::NODE_STATE_LOST, "lost"},
                              {v1::NODE_STATE_LEFT, "left"}})
    all_->nodes[static_cast<size_t>(state)] = &nodes.Add({{"state", label}});
  all_->heartbeats = counter("troupe_heartbeats_total", "Heartbeats of members.");
  all_->heartbeats_fenced =
      counter("troupe_heartbeats_fenced_total", "Heartbeats of nodes that were no members (any more).");
  all_->joins = counter("troupe_node_joins_total", "Nodes that joined.");
  all_->joins_refused = counter("troupe_node_joins_refused_total", "Nodes that were not let in.");
  all_->losses = counter("troupe_node_losses_total", "Members that were lost: silent, or their link closed.");
}

void registry_probe::nodes(const std::array<size_t, v1::NodeState_ARRAYSIZE>& by_state) const {
  for (size_t i = 0; i < by_state.size(); ++i)
    if (all_->nodes[i] != nullptr)
      all_->nodes[i]->Set(static_cast<double>(by_state[i]));
}

void registry_probe::heartbeat() const {
  all_->heartbeats->Increment();
}

void registry_probe::heartbeat_fenced() const {
  all_->heartbeats_fenced->Increment();
}

void registry_probe::node_joined() const {
  all_->joins->Increment();
}

void registry_probe::join_refused() const {
  all_->joins_refused->Increment();
}

void registry_probe::node_lost() const {
  all_->losses->Increment();
}

} // namespace troupe
