#pragma once

namespace troupe {

/// Lets this process have as many descriptors as it may, up to what a node can need: the usual 1 024 are used up by the
/// peers of one coordinator, and then no agent could be started any more.
void raise_descriptor_limit();

} // namespace troupe
