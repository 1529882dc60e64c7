#pragma once

#include "messages/errors.hpp"

#include <string>

namespace troupe {

/// Of a run that this coordinator does not work on.
inline caf::error not_here(const std::string& run) {
  return to_caf({v1::ERROR_CODE_UNAVAILABLE,
                 "run " + run + " has not ended, and this coordinator does not work on it: troupe resume " + run,
                 true});
}

/// Whether the store may do tomorrow what it did not do today.
inline bool passes(errc code) {
  return code == v1::ERROR_CODE_STORE || code == v1::ERROR_CODE_TIMED_OUT || code == v1::ERROR_CODE_UNAVAILABLE;
}

} // namespace troupe
