#include "nodes/node/node_parts.hpp"

namespace troupe {

v1::NodeInfo node_parts::info() const {
  v1::NodeInfo out;
  out.set_name(config.name);
  out.set_boot_id(boot_id);
  if (config.coordinator)
    out.add_roles("coordinator");
  if (config.worker)
    out.add_roles("worker");
  out.set_version(TROUPE_VERSION);
  for (const auto& [label, value] : config.labels)
    (*out.mutable_labels())[label] = value;
  out.set_capacity(config.capacity);
  for (const auto& kind : config.kinds.empty() ? kinds->names() : config.kinds)
    out.add_kinds(kind);
  for (const auto& spec : own_agents) {
    auto* advert = out.add_agents();
    advert->set_name(spec.name());
    advert->set_kind(spec.kind());
    *advert->mutable_capabilities() = spec.capabilities();
    *advert->mutable_labels() = spec.labels();
  }
  return out;
}

} // namespace troupe
