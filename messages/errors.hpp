#pragma once

#include "runtime/core/result.hpp"

#include <caf/error.hpp>
#include <caf/make_message.hpp>

#include <cstdint>
#include <string>

namespace troupe {

/// The codes of proto/troupe/v1/common.proto as a CAF error category, so that one vocabulary serves the wire, the core
/// and the actors.
enum class ec : uint8_t {
  none = v1::ERROR_CODE_UNSPECIFIED,
  invalid_input = v1::ERROR_CODE_INVALID_INPUT,
  not_found = v1::ERROR_CODE_NOT_FOUND,
  already_exists = v1::ERROR_CODE_ALREADY_EXISTS,
  unavailable = v1::ERROR_CODE_UNAVAILABLE,
  timed_out = v1::ERROR_CODE_TIMED_OUT,
  cancelled = v1::ERROR_CODE_CANCELLED,
  resource_exhausted = v1::ERROR_CODE_RESOURCE_EXHAUSTED,
  fenced = v1::ERROR_CODE_FENCED,
  agent_failed = v1::ERROR_CODE_AGENT_FAILED,
  agent_crashed = v1::ERROR_CODE_AGENT_CRASHED,
  invalid_output = v1::ERROR_CODE_INVALID_OUTPUT,
  circuit_open = v1::ERROR_CODE_CIRCUIT_OPEN,
  shortfall = v1::ERROR_CODE_SHORTFALL,
  expression = v1::ERROR_CODE_EXPRESSION,
  store = v1::ERROR_CODE_STORE,
  forbidden = v1::ERROR_CODE_FORBIDDEN,
  internal = v1::ERROR_CODE_INTERNAL,
  deadlock = v1::ERROR_CODE_DEADLOCK,
  conflict = v1::ERROR_CODE_CONFLICT,
};

std::string to_string(ec code);

} // namespace troupe

CAF_ERROR_CODE_ENUM(troupe::ec, "troupe")

namespace troupe {

/// For handlers: the core's error as CAF's, message and all.
caf::error to_caf(const error& x);

/// For callers: CAF's own failures (deadline, receiver down) become the codes that the wire knows.
error from_caf(const caf::error& x);

} // namespace troupe
