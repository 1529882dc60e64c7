#pragma once

#include "actors/supervision/supervisor.hpp"

namespace troupe {

struct node_parts;

/// The children of a node's root, in the order of their start; rest_for_one, because each knows those before it:
///
///   root ─┬─ journal         coordinator
///         ├─ aggregator      coordinator
///         ├─ dispatcher      coordinator
///         ├─ registry        coordinator
///         ├─ coordinator     coordinator
///         ├─ work ─┬─ agents   worker; one_for_all: a host that starts anew knows of no agents
///         │        └─ host     worker
///         ├─ member          worker on a coordinator's node: joins the registry beside it
///         └─ link to …       worker: one for each coordinator of `join`
///
/// `parts` must outlive the tree.
supervisor_config supervision_tree(node_parts& parts);

} // namespace troupe
