#pragma once

#include "runtime/core/task_batch.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

// Tasks between actors of one process: shared, not copied. Between processes links carry v1::TaskBatch.
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::task_batch)
