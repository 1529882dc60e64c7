#pragma once

#include "runtime/core/random.hpp"
#include "runtime/core/result.hpp"
#include "runtime/workflow/policies.hpp"

#include <cstdint>
#include <optional>

namespace troupe {

/// The wait in ms before another try, or nothing when `why` ends the matter. On top of the policy (retry_schedule):
/// what is known to be transient (a crash, a time-out, a full queue, an ill-formed answer) is tried again whatever the
/// agent said of it, and what must fail again (bad input, a faulty expression, something forbidden) is not. `tries`:
/// how many there were. `composite`: a whole step is run anew, so what one agent said of its own retries does not bind.
std::optional<int64_t> next_try(const retry_policy& policy, uint32_t tries, const error& why, uint32_t retry_after_ms,
                                bool composite, random_source random);

} // namespace troupe
