#pragma once

#include "runtime/core/random.hpp"

#include <cstdint>
#include <string>

namespace troupe {

/// "20260102-103000-k3f9x2ab": sorts by time, is easy to say on the telephone, and 40 random bits tell runs of one
/// second apart.
std::string new_run_id(int64_t wall_ms, random_source& random);

/// Letters, digits, `-`, `_`, `.`; 1 to 80 of them.
bool valid_run_id(const std::string& id);

} // namespace troupe
