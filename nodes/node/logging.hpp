#pragma once

#include <string>

namespace troupe {

struct node_config;

/// Makes spdlog's default logger write to standard error, as text or as one JSON object per line. Never blocks a
/// caller: a queue of 8 192 lines drops the oldest.
void set_up_logging(const node_config& config);

/// Writes out what waits; the last thing a process does.
void flush_logging();

} // namespace troupe
