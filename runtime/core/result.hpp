#pragma once

#include "troupe/v1/common.pb.h"

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace troupe {

using errc = v1::ErrorCode;

/// What went wrong: a code for programs, a sentence for people.
struct error {
  errc code = v1::ERROR_CODE_INTERNAL;
  std::string message;
  bool retryable = false;

  v1::Error to_proto() const {
    v1::Error out;
    out.set_code(code);
    out.set_message(message);
    out.set_retryable(retryable);
    return out;
  }
};

template <class T>
using result = tl::expected<T, error>;

inline tl::unexpected<error> fail(errc code, std::string message, bool retryable = false) {
  return tl::unexpected<error>(error{code, std::move(message), retryable});
}

} // namespace troupe
