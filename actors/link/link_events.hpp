#pragma once

#include "actors/link/link_connection.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>

namespace troupe {

/// What a link tells the actor that owns it, from the I/O thread. `round` tells apart the links that one actor had one
/// after the other. Local only.
struct link_opened {
  uint64_t round = 0;
  link_ptr link;
};

struct link_messages {
  uint64_t round = 0;
  link_batch_ptr batch;
};

/// Also when there was no link to begin with.
struct link_lost {
  uint64_t round = 0;
  error reason;
};

/// An owner's note to itself.
struct link_tick {};

} // namespace troupe

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_messages)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::link_tick)
